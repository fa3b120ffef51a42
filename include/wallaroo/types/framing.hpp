// Framing: how a stream of bytes is cut into frames, which a decoder then makes records of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

namespace wallaroo {

/// Which byte of an integer comes first: the most or the least significant.
enum class ByteOrder { big, little };

/// Each record is preceded by its length in bytes, as an unsigned integer. A length of 0 is an
/// empty record. A length above the source's `max_frame_bytes` closes the connection, because the
/// records that follow cannot be found any more.
struct LengthPrefix {
  int bytes = 4;                     ///< size of the length: 1, 2, 4 or 8
  ByteOrder order = ByteOrder::big;  ///< of the length
};

/// Each record ends with '\n', which is not part of it; a '\r' before it is dropped too. The last
/// record of a stream may lack its line end.
struct Newline {};

/// Each record has exactly `bytes` bytes.
struct FixedSize {
  std::size_t bytes = 0;  ///< at least 1; the default is refused
};

/// The result of one call of a user's framer: a record, too few bytes, or an error.
struct FrameStep {
  /// Which of the three it is.
  enum class Kind { need_more, frame, error };
  Kind kind = Kind::need_more;  ///< decides which members below are used
  std::size_t offset = 0;       ///< frame: where the record begins
  std::size_t length = 0;       ///< frame: its length
  std::size_t consumed = 0;     ///< frame: bytes to drop, at least offset + length and at least 1
  std::string error = {};  ///< error: why the stream cannot be framed; the connection is closed

  /// The bytes do not hold a whole record yet.
  static FrameStep more() { return {}; }
  /// The first record has `length` bytes from `offset` on; the next one is searched after
  /// `consumed` bytes.
  static FrameStep found(std::size_t offset, std::size_t length, std::size_t consumed) {
    return {Kind::frame, offset, length, consumed, {}};
  }
  /// The stream cannot be framed any further, for the reason `why`.
  static FrameStep failed(std::string why) { return {Kind::error, 0, 0, 0, std::move(why)}; }
};

/// The user's own framer: looks at all bytes not yet consumed and says where the first record is.
/// Must be a pure function of them: it is called again with more bytes after `more()`.
struct CustomFraming {
  std::function<FrameStep(std::string_view unconsumed)> next;  ///< must not be empty
};

/// Any of the ways to cut a stream of bytes. Sources refuse wrong members with ConfigError.
using Framing = std::variant<LengthPrefix, Newline, FixedSize, CustomFraming>;

}  // namespace wallaroo
