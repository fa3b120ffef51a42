// Cuts a stream of bytes into records. Pure: looks at bytes, returns views into them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wallaroo/types/framing.hpp>

namespace wallaroo::internal {

/// The result of `Framer::cut`.
struct Cut {
  /// Bytes that belong to the frames found; the rest must be offered again, with more after them.
  std::size_t consumed = 0;
  /// True if the rest holds no complete record, false if only `max_frames` stopped the cutting.
  bool starved = false;
  /// If starved: how long the rest must at least become to hold a record; 0 if that is not known.
  std::size_t needed_bytes = 0;
  /// If starved: how much of the rest was searched for the record's end; see `cut`.
  std::size_t searched_bytes = 0;
  /// Set if the bytes after the frames found cannot be framed: no more can be read of the stream.
  std::optional<std::string> error;
};

/// What becomes of the bytes that are left at the end of a stream.
struct StreamEnd {
  std::optional<std::string_view> record = {};  ///< a last record without its line end
  std::optional<std::string> cut_off = {};      ///< part of a record is left: "ended inside ..."
};

/// The same bytes give the same records and the same error however they are cut into calls.
class Framer {
 public:
  /// A record longer than `max_frame_bytes` is an error. Throws ConfigError for a framing that
  /// makes no sense: a prefix of 3 bytes, records of 0 bytes, no function.
  Framer(Framing framing, std::size_t max_frame_bytes);

  /// Appends at most `max_frames` records at the start of `unconsumed` to `frames`. `searched` may
  /// repeat the `searched_bytes` of the call before, so that the bytes of a long line that arrives
  /// in many pieces are searched once.
  Cut cut(std::string_view unconsumed, std::size_t max_frames,
          std::vector<std::string_view>& frames, std::size_t searched = 0) const;

  /// Call with the bytes that a starved `cut` without error has left.
  StreamEnd finish(std::string_view rest) const;

  std::size_t max_frame_bytes() const { return max_frame_bytes_; }

 private:
  Framing framing_;
  std::size_t max_frame_bytes_;
};

/// Bytes that a user's framer may consume per record on top of `max_frame_bytes`, for headers and
/// separators.
inline constexpr std::size_t max_custom_overhead_bytes = 4096;

}  // namespace wallaroo::internal
