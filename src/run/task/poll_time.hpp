// How long a source may go on delivering before other tasks get their turn.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"
#include "base/times.hpp"

namespace wallaroo::internal {

/// A poll ends with the batch after which it has taken `longest_ns` or more, so that barriers,
/// timers and other tasks do not wait long for slow functions of the user. A look at the clock
/// costs as much as a tenth of a small batch. So after a batch that took next to no time one batch
/// is not timed, after the next one three, and in the end `unmeasured`. A slow batch among these is
/// noticed that much later.
class PollTime {
 public:
  static constexpr std::int64_t longest_ns = 1'000'000;
  static constexpr std::int64_t brief_ns = longest_ns / 32;  ///< next to no time
  static constexpr int unmeasured = 7;

  explicit PollTime(const Clock& clock) : clock_(clock) {}

  void begin() {
    begun_ns_ = measured_ns_ = clock_.now_ns();
    until_ns_ = measured_ns_ + longest_ns;
    skip_ = next_skip_ = 0;
    over_ = false;
  }
  /// A batch was processed.
  void delivered() {
    if (skip_ > 0) {
      --skip_;
      return;
    }
    const std::int64_t now_ns = clock_.now_ns();
    over_ = over_ || now_ns >= until_ns_;
    next_skip_ = now_ns - measured_ns_ < brief_ns ? std::min(2 * next_skip_ + 1, unmeasured) : 0;
    skip_ = next_skip_;
    measured_ns_ = now_ns;
  }
  /// Ends the poll, because other tasks have something to do.
  void give_way() { over_ = true; }
  /// The poll has returned.
  void end() {
    over_ = false;
    until_ns_ = end_of_time;
  }

  /// When the last poll began.
  std::int64_t begun_ns() const { return begun_ns_; }
  /// The poll should end.
  bool over() const { return over_; }

 private:
  const Clock& clock_;
  std::int64_t begun_ns_ = 0;
  std::int64_t measured_ns_ = 0;
  std::int64_t until_ns_ = end_of_time;
  int skip_ = 0;       ///< batches that are not timed from now on
  int next_skip_ = 0;  ///< and after the next one that is timed
  bool over_ = false;
};

}  // namespace wallaroo::internal
