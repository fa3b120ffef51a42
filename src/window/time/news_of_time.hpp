// Knows whether producers have lately told what time it is.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/missed_time.hpp"
#include "base/times.hpp"

namespace wallaroo::internal {

/// Producers without event time say with their watermarks what time it is, whenever they have
/// looked at their own input. While one of them does not, because it is busy, blocked or stopped,
/// its records may be waiting there, so no producer may be found silent.
class NewsOfTime {
 public:
  /// `longest_ns`: the longest time between two pieces of news of producers that look at their
  /// input; `end_of_time` if it is not known.
  NewsOfTime(std::int64_t longest_ns, std::int64_t wall_ns)
      : longest_ns_(longest_ns), told_ns_(wall_ns) {}

  bool expected() const { return longest_ns_ != end_of_time; }
  /// Takes the watermark of the input. Returns for how long there was no news if that was too long,
  /// else 0.
  std::int64_t told(std::int64_t watermark_ns) {
    if (!expected() || watermark_ns <= told_ns_ || watermark_ns == end_of_time) {
      return 0;
    }
    const std::int64_t gap_ns = watermark_ns - told_ns_;
    told_ns_ = watermark_ns;
    not_before_ns_ = no_time;
    return gap_ns > longest_ns_ ? gap_ns : 0;
  }
  /// Returns whether a producer may be found silent now. `now_ns` is the engine's clock, `wall_ns`
  /// the clock that watermarks go by.
  bool recent(std::int64_t now_ns, std::int64_t wall_ns) {
    if (!expected() || wall_ns - told_ns_ <= longest_ns_) {
      return true;
    }
    not_before_ns_ = now_ns + between_looks_ns;
    return false;
  }
  /// When a caller that would ask at `due_ns` should ask next.
  std::int64_t due_ns(std::int64_t due_ns) const {
    return due_ns == end_of_time ? due_ns : std::max(due_ns, not_before_ns_);
  }

 private:
  std::int64_t longest_ns_;
  std::int64_t told_ns_;  ///< by the clock that watermarks go by
  std::int64_t not_before_ns_ = no_time;
};

}  // namespace wallaroo::internal
