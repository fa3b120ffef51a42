// Where encoders write.
#pragma once

#include <bit>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wallaroo {

/// Appends to the bytes on their way to a sink. The fast form of an encoder takes one:
///
///     void encode(const WordCount& w, wallaroo::ByteWriter& out) {
///       out.append(w.word).append(" => ").decimal(w.count).append('\n');
///     }
class ByteWriter {
 public:
  explicit ByteWriter(std::string& bytes) : bytes_(&bytes) {}

  ByteWriter& append(std::string_view bytes) {
    bytes_->append(bytes);
    return *this;
  }
  ByteWriter& append(char byte) {
    bytes_->push_back(byte);
    return *this;
  }
  /// A number in decimal, the shortest text that reads back as the same value.
  template <class Number>
  requires std::integral<Number> || std::floating_point<Number> ByteWriter& decimal(Number value) {
    if constexpr (std::unsigned_integral<Number>) {
      append_unsigned(value);
    } else {
      char text[64];
      const auto end = std::to_chars(text, text + sizeof text, value).ptr;
      bytes_->append(text, static_cast<std::size_t>(end - text));
    }
    return *this;
  }
  /// An unsigned integer, most significant byte first.
  template <std::unsigned_integral Number>
  ByteWriter& big_endian(Number value) {
    char text[sizeof value];
    for (std::size_t i = 0; i < sizeof value; ++i) {
      text[i] = static_cast<char>(value >> (8 * (sizeof value - 1 - i)));
    }
    bytes_->append(text, sizeof value);
    return *this;
  }
  /// An unsigned integer, least significant byte first.
  template <std::unsigned_integral Number>
  ByteWriter& little_endian(Number value) {
    char text[sizeof value];
    for (std::size_t i = 0; i < sizeof value; ++i) {
      text[i] = static_cast<char>(value >> (8 * i));
    }
    bytes_->append(text, sizeof value);
    return *this;
  }

  /// Bytes of this record and of those before it in the same batch.
  std::size_t size() const { return bytes_->size(); }

 private:
  void append_unsigned(std::uint64_t value);

  std::string* bytes_;
};

}  // namespace wallaroo
