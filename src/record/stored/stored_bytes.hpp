// Writes and reads the bytes of stored values. Reading checks bounds.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include <wallaroo/types/stored.hpp>

namespace wallaroo::internal {

static_assert(std::endian::native == std::endian::little,
              "stored numbers are little-endian, and are copied as they are");

/// Appends to a buffer of its own. Numbers are little-endian and of fixed size; lengths are LEB128:
/// seven bits per byte, the least significant first; all bytes but the last have the highest bit
/// set.
class StoredWriter {
 public:
  /// Appends the bytes of the value as they are in memory. Requires a type without padding.
  template <class T>
  [[gnu::always_inline]] inline void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    make_room(sizeof(T));
    std::memcpy(bytes_.get() + size_, &value, sizeof(T));
    size_ += sizeof(T);
  }
  void put_bytes(const void* bytes, std::size_t size) {
    if (size != 0) {
      make_room(size);
      std::memcpy(bytes_.get() + size_, bytes, size);
      size_ += size;
    }
  }
  void put_length(std::uint64_t length) {
    while (length >= 0x80) {
      put(static_cast<std::uint8_t>(length | 0x80));
      length >>= 7;
    }
    put(static_cast<std::uint8_t>(length));
  }
  /// Appends what `write` appends to this writer, preceded by its length.
  template <class Write>
  void put_sized(Write&& write) {
    const std::size_t before = size_;
    put(std::uint8_t{0});
    write();
    if (const std::size_t length = size_ - before - 1; length < 0x80) [[likely]] {
      bytes_[before] = static_cast<char>(length);
    } else {
      put_long_length_at(before, length);
    }
  }

  /// Valid until the next change of the writer.
  std::string_view bytes() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }
  /// Returns a copy of the bytes. The writer is empty afterwards, and keeps its memory.
  std::string take() {
    std::string taken(bytes());
    clear();
    return taken;
  }
  /// Makes the writer empty, which keeps its memory.
  void clear() { size_ = 0; }
  /// Drops all bytes behind the first `size`. Requires that there are so many.
  void truncate(std::size_t size) { size_ = size; }
  /// Puts bytes in the place of others. Requires that there are so many behind `place`.
  void overwrite(std::size_t place, std::string_view bytes) {
    std::memcpy(bytes_.get() + place, bytes.data(), bytes.size());
  }
  /// Makes room for `bytes` in all.
  void reserve(std::size_t bytes) {
    if (bytes > capacity_) {
      grow_to(bytes);
    }
  }

 private:
  [[gnu::always_inline]] inline void make_room(std::size_t more) {
    if (capacity_ - size_ < more) [[unlikely]] {
      grow_to(std::max(size_ + more, 2 * capacity_));
    }
  }
  void grow_to(std::size_t capacity);
  /// Puts a length in the place of the byte at `place`. The bytes behind it move.
  void put_long_length_at(std::size_t place, std::uint64_t length);

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

[[noreturn]] void throw_cut_off(std::size_t wanted, std::size_t left);
[[noreturn]] void throw_too_many(std::uint64_t elements, std::size_t left);
[[noreturn]] void throw_bad_choice(const char* what, std::uint64_t found, std::uint64_t choices);

/// Reads the bytes of a StoredWriter. Safe for any bytes: it never reads beyond them, and throws
/// StoredError for lengths that the remaining bytes cannot hold, before memory is allocated.
class StoredReader {
 public:
  explicit StoredReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool empty() const { return at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  /// The present position; `left()` bytes follow.
  const char* position() const { return at_; }

  template <class T>
  [[gnu::always_inline]] inline T get() {
    std::array<char, sizeof(T)> bytes;
    need(sizeof(T));
    std::memcpy(bytes.data(), at_, sizeof(T));
    at_ += sizeof(T);
    return std::bit_cast<T>(bytes);
  }
  std::string_view get_bytes(std::size_t size) {
    need(size);
    const std::string_view bytes(at_, size);
    at_ += size;
    return bytes;
  }
  std::string_view get_string() { return get_bytes(get_count(1)); }
  /// Reads a byte that must be less than `choices`; `what` names it in the error message.
  std::size_t get_choice(const char* what, std::size_t choices) {
    const auto choice = get<std::uint8_t>();
    if (choice >= choices) [[unlikely]] {
      throw_bad_choice(what, choice, choices);
    }
    return choice;
  }
  bool get_bool() { return get_choice("a truth value", 2) != 0; }
  /// Reads the number of elements that follow. Each must have at least `least_bytes`, which is at
  /// least 1; throws when the remaining bytes cannot hold them.
  std::size_t get_count(std::uint64_t least_bytes) {
    const std::uint64_t count = get_length();
    if (count > left() / least_bytes) [[unlikely]] {
      throw_too_many(count, left());
    }
    return count;
  }

 private:
  [[gnu::always_inline]] inline void need(std::size_t bytes) const {
    if (left() < bytes) [[unlikely]] {
      throw_cut_off(bytes, left());
    }
  }
  std::uint64_t get_length() {
    const auto first = get<std::uint8_t>();
    return first < 0x80 ? first : get_long_length(first);
  }
  std::uint64_t get_long_length(std::uint8_t first);

  const char* at_;
  const char* end_;
};

}  // namespace wallaroo::internal
