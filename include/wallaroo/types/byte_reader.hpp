// Reads binary frames.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace wallaroo {

/// Reads integers and text from the start of a binary frame; for the user's decoders. Nothing
/// throws: when the frame is too short `ok()` turns false and stays so, and values are 0 or empty.
class ByteReader {
 public:
  /// Reads from `frame`, which must outlive the reader.
  explicit ByteReader(std::span<const std::byte> frame) : rest_(frame) {}
  explicit ByteReader(std::string_view frame) : rest_(std::as_bytes(std::span(frame))) {}

  /// The next integer, which takes sizeof(Number) bytes, the most significant first.
  template <std::integral Number>
  Number big_endian() {
    std::uint64_t value = 0;
    for (const std::byte byte : take(sizeof(Number))) {
      value = value << 8 | std::to_integer<std::uint64_t>(byte);
    }
    return static_cast<Number>(value);
  }
  /// The next integer, which takes sizeof(Number) bytes, the least significant first.
  template <std::integral Number>
  Number little_endian() {
    std::uint64_t value = 0;
    int shift = 0;
    for (const std::byte byte : take(sizeof(Number))) {
      value |= std::to_integer<std::uint64_t>(byte) << shift;
      shift += 8;
    }
    return static_cast<Number>(value);
  }
  /// The next `count` bytes as text; it points into the frame.
  std::string_view text(std::size_t count) {
    const auto taken = take(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  /// How many bytes were not read yet; 0 after a read that found too few.
  std::size_t remaining() const { return rest_.size(); }
  /// False once a read has found too few bytes.
  bool ok() const { return ok_; }

 private:
  std::span<const std::byte> take(std::size_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  std::span<const std::byte> rest_;
  bool ok_ = true;
};

}  // namespace wallaroo
