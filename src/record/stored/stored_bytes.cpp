#include "record/stored/stored_bytes.hpp"

#include <fmt/format.h>

namespace wallaroo::internal {

void StoredWriter::grow_to(std::size_t capacity) {
  constexpr std::size_t least = 256;
  capacity = std::max(capacity, least);
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ != 0) {
    std::memcpy(larger.get(), bytes_.get(), size_);
  }
  bytes_ = std::move(larger);
  capacity_ = capacity;
}

void StoredWriter::put_long_length_at(std::size_t place, std::uint64_t length) {
  const std::size_t end = size_;
  put_length(length);
  std::rotate(bytes_.get() + place + 1, bytes_.get() + end, bytes_.get() + size_);
  // The length has replaced the byte that stood for it.
  std::memmove(bytes_.get() + place, bytes_.get() + place + 1, size_ - place - 1);
  --size_;
}

std::uint64_t StoredReader::get_long_length(std::uint8_t first) {
  std::uint64_t length = first & 0x7f;
  for (int shift = 7; shift < 64; shift += 7) {
    const auto byte = get<std::uint8_t>();
    if (shift == 63 && byte > 1) {
      break;
    }
    length |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) {
      return length;
    }
  }
  throw StoredError("stored bytes are broken: a length has more than 64 bits");
}

void throw_cut_off(std::size_t wanted, std::size_t left) {
  throw StoredError(fmt::format(
      "stored bytes are broken: {} bytes should follow, but only {} are left", wanted, left));
}

void throw_too_many(std::uint64_t elements, std::size_t left) {
  throw StoredError(
      fmt::format("stored bytes are broken: {} elements should follow, but only {} bytes are left",
                  elements, left));
}

void throw_bad_choice(const char* what, std::uint64_t found, std::uint64_t choices) {
  throw StoredError(fmt::format("stored bytes are broken: {} is {}, and must be less than {}", what,
                                found, choices));
}

}  // namespace wallaroo::internal
