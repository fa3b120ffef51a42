// The buffer into which encoders write.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace wallaroo {

/// The longest record that a sink takes: 1 GiB encoded. A longer record is a failure of the sink's
/// stage.
inline constexpr std::size_t max_encoded_record_bytes = std::size_t{1} << 30;

/// Appends to the bytes on their way to a sink. The fast form of an encoder takes one:
///
///     void encode(const WordCount& w, wallaroo::ByteWriter& out) {
///       out.append(w.word).append(" => ").decimal(w.count).append('\n');
///     }
///
/// Everything that appends returns the writer, and throws std::length_error, before it writes, when
/// the record would become longer than `max_encoded_record_bytes`.
class ByteWriter {
 public:
  /// Appends to `bytes`, which must not be touched until `close` or the destructor: until then its
  /// size includes memory that is not written yet.
  explicit ByteWriter(std::string& bytes) { open(bytes); }
  ByteWriter(const ByteWriter&) = delete;
  ByteWriter& operator=(const ByteWriter&) = delete;
  ~ByteWriter() { close(); }

  /// Appends the bytes as they are.
  ByteWriter& append(std::string_view bytes) {
    char* const to = room(bytes.size());
    if (!bytes.empty()) {
      std::memcpy(to, bytes.data(), bytes.size());
    }
    next_ += bytes.size();
    return *this;
  }
  /// Appends one byte.
  ByteWriter& append(char byte) {
    *room(1) = byte;
    ++next_;
    return *this;
  }
  /// Appends a number in decimal, as the shortest text that reads back as the same value.
  template <class Number>
  ByteWriter& decimal(Number value) requires std::integral<Number> || std::floating_point<Number> {
    constexpr std::size_t longest = 64;
    char* const to = room(longest);
    if constexpr (std::unsigned_integral<Number>) {
      next_ = write_unsigned(to, value);
    } else {
      next_ = std::to_chars(to, to + longest, value).ptr;
    }
    return *this;
  }
  /// Appends an unsigned integer, most significant byte first.
  template <std::unsigned_integral Number>
  ByteWriter& big_endian(Number value) {
    char* const to = room(sizeof value);
    for (std::size_t i = 0; i < sizeof value; ++i) {
      to[i] = static_cast<char>(value >> (8 * (sizeof value - 1 - i)));
    }
    next_ += sizeof value;
    return *this;
  }
  /// Appends an unsigned integer, least significant byte first.
  template <std::unsigned_integral Number>
  ByteWriter& little_endian(Number value) {
    char* const to = room(sizeof value);
    for (std::size_t i = 0; i < sizeof value; ++i) {
      to[i] = static_cast<char>(value >> (8 * i));
    }
    next_ += sizeof value;
    return *this;
  }

  /// How many bytes this record and those before it in the same batch have so far.
  std::size_t size() const { return static_cast<std::size_t>(next_ - bytes_->data()); }
  /// Takes back what was written after `size()` returned `size`.
  void truncate(std::size_t size) { next_ = bytes_->data() + size; }

  /// Ends the writing: the string gets its real size. Without effect when called again.
  void close() {
    if (bytes_ != nullptr) {
      bytes_->resize(size());
      bytes_ = nullptr;
    }
  }
  /// Goes on at the end of another string. Call only after `close`.
  void open(std::string& bytes) {
    bytes_ = &bytes;
    next_ = bytes.data() + bytes.size();
    limit_ = next_;
  }

 private:
  char* room(std::size_t bytes) {
    if (static_cast<std::size_t>(limit_ - next_) < bytes) [[unlikely]] {
      grow(bytes);
    }
    return next_;
  }
  void grow(std::size_t bytes);
  static char* write_unsigned(char* to, std::uint64_t value);

  std::string* bytes_ = nullptr;
  char* next_ = nullptr;
  char* limit_ = nullptr;
};

}  // namespace wallaroo
