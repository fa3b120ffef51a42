// How long a source may go on delivering before other tasks get their turn.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"
#include "base/times.hpp"

namespace wallaroo::internal {

/// Where the user's functions are slow, a source comes back to its executor after the first batch
/// that takes longer than `longest_ns`: barriers, timers and other tasks wait no longer than that.
/// To look at the clock costs as much as a tenth of a small batch, so where batches take next to no
/// time some are not timed: one after the first of them, and at last `unmeasured`. Slow ones behind
/// them are noticed so much later.
class PollTime {
 public:
  static constexpr std::int64_t longest_ns = 1'000'000;
  static constexpr std::int64_t brief_ns = longest_ns / 32;
  static constexpr int unmeasured = 7;

  explicit PollTime(const Clock& clock) : clock_(clock) {}

  void begin() {
    begun_ns_ = measured_ns_ = clock_.now_ns();
    until_ns_ = measured_ns_ + longest_ns;
    skip_ = next_skip_ = 0;
    over_ = false;
  }
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
  /// Other tasks have something to do.
  void give_way() { over_ = true; }
  void end() {
    over_ = false;
    until_ns_ = end_of_time;
  }

  /// When the last poll began.
  std::int64_t begun_ns() const { return begun_ns_; }
  /// The source is to come to an end.
  bool over() const { return over_; }

 private:
  const Clock& clock_;
  std::int64_t begun_ns_ = 0;
  std::int64_t measured_ns_ = 0;
  std::int64_t until_ns_ = end_of_time;
  int skip_ = 0;
  int next_skip_ = 0;
  bool over_ = false;
};

}  // namespace wallaroo::internal
