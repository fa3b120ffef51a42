#include "giles/stamp.hpp"

#include <algorithm>

namespace wallaroo::giles {
namespace {

std::size_t key_digits(std::uint64_t keys) {
  std::size_t digits = 1;
  for (std::uint64_t largest = keys - 1; largest >= 10; largest /= 10) ++digits;
  return digits;
}

void write_decimal(std::uint64_t value, char* out, std::size_t digits) {
  for (std::size_t i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::size_t smallest_stamped_record(std::uint64_t keys) {
  return kStampDigits + 1 + key_digits(keys);
}

void write_stamped_record(const StampedRecord& record, std::uint64_t index, std::uint64_t stamp_ns,
                          char* out) {
  write_decimal(stamp_ns, out, kStampDigits);
  out[kStampDigits] = ' ';
  const std::size_t digits = key_digits(record.keys);
  write_decimal(index % record.keys, out + kStampDigits + 1, digits);
  const std::size_t used = kStampDigits + 1 + digits;
  if (used == record.size_bytes) return;
  out[used] = ' ';
  std::fill(out + used + 1, out + record.size_bytes, 'x');
}

std::optional<std::uint64_t> read_stamp(std::string_view record) {
  if (record.size() < kStampDigits) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kStampDigits; ++i) {
    const auto digit = static_cast<unsigned>(record[i] - '0');
    if (digit > 9) return std::nullopt;
    if (__builtin_mul_overflow(value, 10U, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, digit, &value)) return std::nullopt;
  }
  return value;
}

}  // namespace wallaroo::giles
