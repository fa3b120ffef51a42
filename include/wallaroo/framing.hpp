// How a stream of bytes is cut into records, before a decoder sees them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

namespace wallaroo {

enum class ByteOrder { big, little };

/// Each record is preceded by its length in bytes, as an unsigned integer of 1, 2, 4 or 8 bytes.
/// A length of 0 is an empty record. A length above the source's `max_frame_bytes` closes the
/// connection: what follows can no longer be told apart.
struct LengthPrefix {
  int bytes = 4;
  ByteOrder order = ByteOrder::big;
};

/// Each record ends with '\n', which is not part of it; a '\r' before it is dropped too. The last
/// record of a stream may lack its line end.
struct Newline {};

/// Each record has exactly `bytes` bytes.
struct FixedSize {
  std::size_t bytes = 0;
};

/// What a user's framer found at the start of the bytes it was given.
struct FrameStep {
  enum class Kind { need_more, frame, error };
  Kind kind = Kind::need_more;
  std::size_t offset = 0;    ///< frame: where the record begins
  std::size_t length = 0;    ///< frame: its length
  std::size_t consumed = 0;  ///< frame: bytes to drop, at least offset + length and at least 1
  std::string error = {};    ///< error: why the stream cannot be framed; the connection is closed

  static FrameStep more() { return {}; }
  static FrameStep found(std::size_t offset, std::size_t length, std::size_t consumed) {
    return {Kind::frame, offset, length, consumed, {}};
  }
  static FrameStep failed(std::string why) { return {Kind::error, 0, 0, 0, std::move(why)}; }
};

/// The user's own framer: looks at all bytes not yet consumed and says where the first record is.
/// Must be a pure function of them: it is called again with more bytes after `more()`.
struct CustomFraming {
  std::function<FrameStep(std::string_view unconsumed)> next;
};

using Framing = std::variant<LengthPrefix, Newline, FixedSize, CustomFraming>;

}  // namespace wallaroo
