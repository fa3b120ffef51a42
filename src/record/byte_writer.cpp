#include <wallaroo/types/byte_writer.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>

#include "record/batch.hpp"

namespace wallaroo {

namespace {

// The digits of the numbers below 1000: with leading zeros; and without them, followed by their
// count.
struct Digits {
  std::array<char, 4 * 1000> padded{};
  std::array<char, 4 * 1000> leading{};
};

constexpr Digits digits = [] {
  Digits made;
  for (std::size_t i = 0; i < 1000; ++i) {
    const char text[3] = {static_cast<char>('0' + i / 100), static_cast<char>('0' + i / 10 % 10),
                          static_cast<char>('0' + i % 10)};
    const std::size_t size = i < 10 ? 1 : i < 100 ? 2 : 3;
    for (std::size_t at = 0; at < 3; ++at) {
      made.padded[4 * i + at] = text[at];
    }
    for (std::size_t at = 0; at < size; ++at) {
      made.leading[4 * i + at] = text[3 - size + at];
    }
    made.leading[4 * i + 3] = static_cast<char>(size);
  }
  return made;
}();

}  // namespace

void ByteWriter::grow(std::size_t bytes) {
  constexpr std::size_t at_least = 256;
  // The earlier records of the batch have fewer bytes than make it full. The offset at which a
  // record ends is kept in 32 bits, so the sum must fit them.
  constexpr std::size_t most = max_encoded_record_bytes + internal::max_batch_bytes;
  static_assert(most + at_least <= std::numeric_limits<std::uint32_t>::max());
  const std::size_t used = size();
  if (bytes > most - std::min(used, most)) {
    throw std::length_error(fmt::format(
        "a record of more than {} bytes when encoded, which is the most that a sink takes",
        max_encoded_record_bytes));
  }
  const std::size_t wanted = used + std::max(bytes, at_least);
  bytes_->resize(std::min(std::max({wanted, 2 * used, bytes_->capacity()}), most + at_least));
  next_ = bytes_->data() + used;
  limit_ = bytes_->data() + bytes_->size();
}

// Three digits per look-up; writes up to three bytes more than it returns.
char* ByteWriter::write_unsigned(char* to, std::uint64_t value) {
  if (value >= 1000) {
    to = write_unsigned(to, value / 1000);
    std::memcpy(to, &digits.padded[4 * (value % 1000)], 4);
    return to + 3;
  }
  const char* const leading = &digits.leading[4 * value];
  std::memcpy(to, leading, 4);
  return to + leading[3];
}

}  // namespace wallaroo
