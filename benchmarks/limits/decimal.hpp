// Unsigned numbers to decimal text, three digits per table look-up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace wallaroo::bench {

// write_decimal touches up to this many bytes.
inline constexpr std::size_t kDecimalRoom = 24;

namespace internal {

// Four bytes per number below 1000. `kPadded`: its three digits with leading zeros. `kLeading`: its
// digits without leading zeros; the fourth byte is how many there are.
using Digits = std::array<char, 4 * 1000>;

inline constexpr Digits kPadded = [] {
  Digits digits{};
  for (std::size_t i = 0; i < 1000; ++i) {
    digits[4 * i] = static_cast<char>('0' + i / 100);
    digits[4 * i + 1] = static_cast<char>('0' + i / 10 % 10);
    digits[4 * i + 2] = static_cast<char>('0' + i % 10);
  }
  return digits;
}();

inline constexpr Digits kLeading = [] {
  Digits digits{};
  for (std::size_t i = 0; i < 1000; ++i) {
    const std::size_t size = i < 10 ? 1 : i < 100 ? 2 : 3;
    for (std::size_t at = 0; at < size; ++at) digits[4 * i + at] = kPadded[4 * i + 3 - size + at];
    digits[4 * i + 3] = static_cast<char>(size);
  }
  return digits;
}();

inline char* write_leading(char* to, std::uint64_t below_1000) {
  const char* digits = &kLeading[4 * below_1000];
  std::memcpy(to, digits, 4);
  return to + digits[3];
}

inline char* write_padded(char* to, std::uint64_t below_1000) {
  std::memcpy(to, &kPadded[4 * below_1000], 4);
  return to + 3;
}

}  // namespace internal

// Returns the end of the digits.
inline char* write_decimal(char* to, std::uint64_t value) {
  if (value < 1000) return internal::write_leading(to, value);
  if (value < 1'000'000) {
    to = internal::write_leading(to, value / 1000);
    return internal::write_padded(to, value % 1000);
  }
  to = write_decimal(to, value / 1'000'000);
  to = internal::write_padded(to, value / 1000 % 1000);
  return internal::write_padded(to, value % 1000);
}

}  // namespace wallaroo::bench
