// Ready-made decoders and encoders.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <wallaroo/byte_writer.hpp>
#include <wallaroo/decoded.hpp>

namespace wallaroo {

// Decoders.

/// The frame as a string.
inline constexpr auto text = [](std::string_view frame) { return std::string(frame); };
/// The frame as a view, without a copy. What keeps it beyond the next stages must copy it.
inline constexpr auto text_view = [](std::string_view frame) { return frame; };
/// The frame's bytes.
inline constexpr auto bytes = [](std::span<const std::byte> frame) {
  return std::vector<std::byte>(frame.begin(), frame.end());
};
/// The frame's bytes as a view, without a copy.
inline constexpr auto bytes_view = [](std::span<const std::byte> frame) { return frame; };

/// Reads integers from the start of a binary frame; for the user's decoders.
/// `ok()` turns false, and stays so, when the frame is too short; values are 0 then.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> frame) : rest_(frame) {}
  explicit ByteReader(std::string_view frame) : rest_(std::as_bytes(std::span(frame))) {}

  template <std::integral Number>
  Number big_endian() {
    std::uint64_t value = 0;
    for (const std::byte byte : take(sizeof(Number))) {
      value = value << 8 | std::to_integer<std::uint64_t>(byte);
    }
    return static_cast<Number>(value);
  }
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
  std::size_t remaining() const { return rest_.size(); }
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

// Encoders.

/// A string, or anything that converts to a view of one, followed by a line end.
inline constexpr auto line =
    [](const auto& record,
       ByteWriter& out) requires std::convertible_to<decltype(record), std::string_view> {
  out.append(std::string_view(record)).append('\n');
};

/// The bytes of a string or of a vector or span of bytes, as they are.
inline constexpr auto raw = [](const auto& record, ByteWriter& out) {
  if constexpr (std::is_convertible_v<decltype(record), std::string_view>) {
    out.append(std::string_view(record));
  } else {
    const std::span<const std::byte> all(record);
    out.append(std::string_view(reinterpret_cast<const char*>(all.data()), all.size()));
  }
};

/// An encoder whose records are preceded by their length, 4 bytes, big-endian: what a source with
/// the default framing reads.
template <class Encoder>
auto framed(Encoder encoder) {
  return [encoder = std::move(encoder)]<class Record>(
      const Record& record,
      ByteWriter& out) requires std::is_invocable_v<const Encoder&, const Record&> ||
      std::is_invocable_v<const Encoder&, const Record&, ByteWriter&> {
    std::string body;
    if constexpr (std::is_invocable_v<const Encoder&, const Record&, ByteWriter&>) {
      ByteWriter writer(body);
      std::invoke(encoder, record, writer);
      writer.close();
    } else {
      body = std::string_view(std::invoke(encoder, record));
    }
    out.big_endian(static_cast<std::uint32_t>(body.size())).append(body);
  };
}

/// A dead letter as one line of JSON, with its line end: {"stage":.., "error":.., "origin":..,
/// "encoding":.., "record":..}. A record that is not UTF-8 has the encoding "latin-1": each of its
/// bytes is the character of that number, so it can be had back exactly; else it is "utf-8".
std::string dead_letter_json(const DeadLetter& letter);

}  // namespace wallaroo
