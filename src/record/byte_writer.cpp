#include <wallaroo/byte_writer.hpp>

#include <array>
#include <cstring>

namespace wallaroo {

namespace {

// The decimal digits of 0..99, two characters each.
constexpr auto pairs = [] {
  std::array<char, 200> digits{};
  for (std::size_t i = 0; i < 100; ++i) {
    digits[2 * i] = static_cast<char>('0' + i / 10);
    digits[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return digits;
}();

}  // namespace

void ByteWriter::append_unsigned(std::uint64_t value) {
  char text[20];
  char* start = text + sizeof text;
  while (value >= 100) {
    start -= 2;
    std::memcpy(start, &pairs[2 * (value % 100)], 2);
    value /= 100;
  }
  if (value >= 10) {
    start -= 2;
    std::memcpy(start, &pairs[2 * value], 2);
  } else {
    *--start = static_cast<char>('0' + value);
  }
  bytes_->append(start, static_cast<std::size_t>(text + sizeof text - start));
}

}  // namespace wallaroo
