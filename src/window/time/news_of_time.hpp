// Whether producers have told lately what time it is.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/missed_time.hpp"
#include "base/times.hpp"

namespace wallaroo::internal {

/// Producers without event time say with their watermarks what time it is, whenever they have
/// looked at their own input. While one of them does not, because it is busy, blocked or stopped,
/// what it has to send may wait there, and no producer can be found silent.
class NewsOfTime {
 public:
  /// `longest_ns`: the longest time between two pieces of news of producers that look at their
  /// input; `end_of_time` when nothing is known of them.
  NewsOfTime(std::int64_t longest_ns, std::int64_t wall_ns)
      : longest_ns_(longest_ns), told_ns_(wall_ns) {}

  bool expected() const { return longest_ns_ != end_of_time; }
  /// The watermark of the input. Returns for how long there was no news, if that was too long.
  std::int64_t told(std::int64_t watermark_ns) {
    if (!expected() || watermark_ns <= told_ns_ || watermark_ns == end_of_time) {
      return 0;
    }
    const std::int64_t gap_ns = watermark_ns - told_ns_;
    told_ns_ = watermark_ns;
    not_before_ns_ = no_time;
    return gap_ns > longest_ns_ ? gap_ns : 0;
  }
  /// Whether silence may be found now, by the engine's clock and the one that watermarks go by.
  bool recent(std::int64_t now_ns, std::int64_t wall_ns) {
    if (!expected() || wall_ns - told_ns_ <= longest_ns_) {
      return true;
    }
    not_before_ns_ = now_ns + between_looks_ns;
    return false;
  }
  /// When to ask next, for who would ask at `due_ns`.
  std::int64_t due_ns(std::int64_t due_ns) const {
    return due_ns == end_of_time ? due_ns : std::max(due_ns, not_before_ns_);
  }

 private:
  std::int64_t longest_ns_;
  std::int64_t told_ns_;  ///< by the clock that watermarks go by
  std::int64_t not_before_ns_ = no_time;
};

}  // namespace wallaroo::internal
