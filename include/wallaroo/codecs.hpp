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

#include <wallaroo/types/byte_reader.hpp>
#include <wallaroo/types/byte_writer.hpp>
#include <wallaroo/types/decoded.hpp>

namespace wallaroo {

// Decoders.

/// The frame as a string.
inline constexpr auto text = [](std::string_view frame) { return std::string(frame); };
/// The frame as a view, without a copy. State, and callbacks that keep it, must copy it.
inline constexpr auto text_view = [](std::string_view frame) { return frame; };
/// The frame's bytes, as std::vector<std::byte>.
inline constexpr auto bytes = [](std::span<const std::byte> frame) {
  return std::vector<std::byte>(frame.begin(), frame.end());
};
/// The frame's bytes as a view, without a copy.
inline constexpr auto bytes_view = [](std::span<const std::byte> frame) { return frame; };

// Encoders.

/// Encodes a string, or anything that converts to std::string_view, followed by '\n'.
inline constexpr auto line =
    [](const auto& record,
       ByteWriter& out) requires std::convertible_to<decltype(record), std::string_view> {
  out.append(std::string_view(record)).append('\n');
};

/// Encodes the bytes of a string, or of a vector or span of bytes, as they are.
inline constexpr auto raw = [](const auto& record, ByteWriter& out) {
  if constexpr (std::is_convertible_v<decltype(record), std::string_view>) {
    out.append(std::string_view(record));
  } else {
    const std::span<const std::byte> all(record);
    out.append(std::string_view(reinterpret_cast<const char*>(all.data()), all.size()));
  }
};

/// Makes an encoder that puts the length of each record before it, in 4 bytes, big-endian: a source
/// with the default framing reads that.
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

/// Encodes a dead letter as one line of JSON, with its line end: {"stage":.., "error":..,
/// "origin":.., "encoding":.., "record":..}. The encoding is "utf-8" for a record that is valid
/// UTF-8. Otherwise it is "latin-1": each byte is written as the character of that number, so that
/// the record can be recovered exactly.
std::string dead_letter_json(const DeadLetter& letter);

}  // namespace wallaroo
