// Hashing and comparing short strings without a branch on their length.
//
// Keys are mostly words, symbols and identifiers of up to 16 bytes, in no order of length: code
// that switches on the length is mispredicted for a good part of them, which costs more than the
// work itself. So the bytes are read as two words whatever their number is, and what lies behind
// their end is masked away.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace wallaroo::internal {

inline constexpr std::size_t short_bytes = 16;

struct Words {
  std::uint64_t low;
  std::uint64_t high;
};

/// Masks that keep the first n of 16 bytes, by n.
inline constexpr auto short_masks = [] {
  std::array<Words, short_bytes + 1> masks{};
  for (std::size_t n = 0; n <= short_bytes; ++n) {
    masks[n].low = n >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * n)) - 1;
    masks[n].high = n <= 8    ? 0
                    : n == 16 ? ~std::uint64_t{0}
                              : (std::uint64_t{1} << (8 * (n - 8))) - 1;
  }
  return masks;
}();

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
inline constexpr bool may_read_beyond = false;
#else
inline constexpr bool may_read_beyond = true;
#endif

/// The first `size` <= 16 bytes at `data`, in memory order, as two little-endian words padded with
/// zeros. Reads up to 16 bytes from `data` on unless that would touch the next page: bytes of the
/// page that holds the first one can always be read, and none of them reaches the result. (With an
/// empty `data` the page is not known to exist, so nothing is read.)
[[gnu::always_inline]] inline Words load_short(const char* data, std::size_t size) {
  constexpr std::uintptr_t page_bytes = 4096;
  Words words{0, 0};
  const auto offset = reinterpret_cast<std::uintptr_t>(data) & (page_bytes - 1);
  if (may_read_beyond && size != 0 && offset <= page_bytes - short_bytes) [[likely]] {
    // Hides the pointer from the compiler, which could otherwise conclude that all 16 bytes exist.
    const char* from = data;
    asm("" : "+r"(from));
    std::memcpy(&words, from, short_bytes);
    words.low &= short_masks[size].low;
    words.high &= short_masks[size].high;
    return words;
  }
  std::array<unsigned char, short_bytes> padded{};
  if (size != 0) {
    std::memcpy(padded.data(), data, size);
  }
  for (std::size_t i = 0; i < 8; ++i) {
    words.low |= std::uint64_t{padded[i]} << (8 * i);
    words.high |= std::uint64_t{padded[8 + i]} << (8 * i);
  }
  return words;
}

[[gnu::always_inline]] inline std::uint64_t fold_product(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// XXH3 (Collet), for strings longer than `short_bytes`.
std::uint64_t hash_long(std::string_view bytes);

/// A hash of bytes that is the same on every machine: up to 16 bytes two folded multiplications
/// as in wyhash (Wang Yi), above that XXH3.
[[gnu::always_inline]] inline std::uint64_t hash_bytes(std::string_view bytes) {
  if (bytes.size() > short_bytes) [[unlikely]] {
    return hash_long(bytes);
  }
  const Words words = load_short(bytes.data(), bytes.size());
  const std::uint64_t mixed =
      fold_product(words.low ^ 0xa0761d6478bd642fULL, words.high ^ 0xe7037ed1a0b428dbULL);
  return fold_product(mixed ^ 0x8ebc6af09c88c6e3ULL, bytes.size() ^ 0x589965cc75374cc3ULL);
}

#ifdef __SSE2__
/// True when 16 bytes can be read from `data` on; requires at least one byte there. See load_short.
[[gnu::always_inline]] inline bool readable_16(const char* data) {
  return may_read_beyond && (reinterpret_cast<std::uintptr_t>(data) & 4095) <= 4096 - short_bytes;
}

/// Bit i is set when byte i of the 16 at `a` is that at `b`.
[[gnu::always_inline]] inline std::uint32_t equal_of_16(const char* a, const char* b) {
  asm("" : "+r"(a), "+r"(b));
  const __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a)),
                                      _mm_loadu_si128(reinterpret_cast<const __m128i*>(b)));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(same));
}
#endif

/// The slow path of equal_bytes. Requires strings of equal size.
bool equal_slowly(std::string_view a, std::string_view b);

/// Compares two strings; up to 16 bytes without a branch on their number.
[[gnu::always_inline]] inline bool equal_bytes(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) {
    return false;
  }
#ifdef __SSE2__
  if (a.size() - 1 < short_bytes && readable_16(a.data()) && readable_16(b.data())) [[likely]] {
    return ~equal_of_16(a.data(), b.data()) << (32 - a.size()) == 0;
  }
#else
  if (a.size() <= short_bytes) [[likely]] {
    const Words left = load_short(a.data(), a.size());
    const Words right = load_short(b.data(), b.size());
    return ((left.low ^ right.low) | (left.high ^ right.high)) == 0;
  }
#endif
  return equal_slowly(a, b);
}

}  // namespace wallaroo::internal
