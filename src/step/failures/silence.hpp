// Measures how long an input has been silent.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/missed_time.hpp"
#include "base/times.hpp"

namespace wallaroo::internal {

/// Notices when the input of a stage has been silent for its time-out: no record came and the
/// watermark stood still, while every source that leads here was idle. Time is counted from the
/// last input, the last time-out or the restart. Pure.
class Silence {
 public:
  /// Without a value there is no time-out.
  explicit Silence(std::optional<std::int64_t> timeout_ns) : timeout_ns_(timeout_ns) {}

  bool has_timeout() const { return timeout_ns_.has_value(); }
  /// Tells that a record came or the watermark moved.
  void on_input() { active_ = true; }
  void on_idle(bool idle) { idle_ = idle; }

  /// Tells that input could not be read for `gap_ns`, which do not count as silence.
  void skip_time(std::int64_t gap_ns) {
    if (timeout_ns_) {
      since_ns_ = saturating_add(since_ns_, missed_of(gap_ns, *timeout_ns_));
    }
  }

  /// When to call `on_time`: at once after input, to note its time, otherwise at the time-out.
  std::int64_t due_ns() const {
    if (!timeout_ns_) {
      return end_of_time;
    }
    if (active_) {
      return no_time;
    }
    return idle_ ? saturating_add(since_ns_, *timeout_ns_) : end_of_time;
  }
  /// Returns true when the silence has lasted for the time-out.
  bool on_time(std::int64_t now_ns) {
    if (std::exchange(active_, false)) {
      since_ns_ = now_ns;
      return false;
    }
    if (now_ns < due_ns()) {
      return false;
    }
    since_ns_ = now_ns;
    return true;
  }

 private:
  std::optional<std::int64_t> timeout_ns_;
  bool active_ = true;
  bool idle_ = false;
  std::int64_t since_ns_ = 0;
};

}  // namespace wallaroo::internal
