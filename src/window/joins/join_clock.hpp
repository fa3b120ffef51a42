// How far a join has come, in event time and in processing time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <wallaroo/types/stored.hpp>

#include "base/missed_time.hpp"
#include "base/times.hpp"
#include "route/key_group.hpp"
#include "window/time/group_limits.hpp"

namespace wallaroo::internal {

/// The limit decides which records have left and which are late. It is the watermark, or the point
/// to which a time-out has moved it, until the watermark gets there. The set of a join derives from
/// this class. It is the StageClock of a stage without windows.
class JoinClock {
 public:
  JoinClock(const JoinClock&) = delete;
  JoinClock& operator=(const JoinClock&) = delete;

  /// The stage's watermark; lesser ones than before are ignored. `end_of_time` makes everything
  /// due, and all later records late.
  void on_watermark(std::int64_t watermark_ns) {
    if (watermark_ns > watermark_) {
      active_ = true;
      watermark_ = watermark_ns;
      raise_limit(watermark_ns);
    }
  }
  /// Whether every source that leads here is idle. Only then does time run towards the time-out.
  void on_idle(bool idle) { idle_ = idle; }

  /// Input could not be read for `gap_ns`; that time does not count towards the time-out.
  void skip_time(std::int64_t gap_ns) {
    if (timeout_ns_ && idle_since_ != no_time) {
      idle_since_ = saturating_add(idle_since_, missed_of(gap_ns, *timeout_ns_));
    }
  }

  std::int64_t watermark() const { return watermark_; }

  /// The clock in a checkpoint.
  struct Saved {
    std::int64_t watermark = no_time;
    std::int64_t limit = no_time;
    std::vector<std::int64_t> group_limits = {};  ///< empty, or one for each key group
  };
  Saved saved() const { return {watermark_, limit_, group_limits_.all()}; }

  /// Goes on from the clocks of all former executors, in their order, or from the clock of the one
  /// whose keys are here. Of several, the one that was least far counts; for the keys of an
  /// executor that a time-out had moved further, its limit still holds. The time-out is counted
  /// anew. `owners` is that of SavedInstances.
  void restore(std::span<const Saved> all, std::span<const std::uint16_t> owners = {}) {
    for (const Saved& one : all) {
      if (!one.group_limits.empty() && !become_groups(one.group_limits.size())) {
        throw StoredError("there is not one limit for each key group");
      }
    }
    watermark_ = least(all, &Saved::watermark);
    limit_ = least(all, &Saved::limit);
    group_limits_.set(limits_of_groups(all, owners), limit_);
    restored_ = true;
  }

 protected:
  explicit JoinClock(std::optional<std::int64_t> timeout_ns) : timeout_ns_(timeout_ns) {}
  ~JoinClock() = default;

  std::int64_t limit_of(std::uint64_t hash) const { return group_limits_.of(hash, limit_); }

  void pass_time(std::int64_t now_ns, std::int64_t closing_limit) {
    now_ = std::max(now_, now_ns);
    if (active_ || restored_) {
      active_ = restored_ = false;
      idle_since_ = now_;
    }
    if (now_ >= timeout_at(closing_limit)) {
      raise_limit(closing_limit);
    }
  }
  /// When the time-out comes, which moves the limit to `closing_limit`; `end_of_time` if it would
  /// move nothing.
  std::int64_t timeout_at(std::int64_t closing_limit) const {
    if (!timeout_ns_ || !idle_ || closing_limit <= limit_) {
      return end_of_time;
    }
    return saturating_add(active_ || restored_ ? now_ : idle_since_, *timeout_ns_);
  }

  bool active_ = false;  ///< there was an event since time was told
  std::int64_t watermark_ = no_time;
  std::int64_t limit_ = no_time;

 private:
  static std::int64_t least(std::span<const Saved> all, std::int64_t Saved::*member) {
    std::int64_t least = end_of_time;
    for (const Saved& one : all) {
      least = std::min(least, one.*member);
    }
    return least;
  }
  void raise_limit(std::int64_t limit_ns) {
    limit_ = std::max(limit_, limit_ns);
    group_limits_.pass(limit_);
  }

  const std::optional<std::int64_t> timeout_ns_;
  bool idle_ = true;
  bool restored_ = false;  ///< restored, and time was not told since
  std::int64_t now_ = no_time;
  std::int64_t idle_since_ = no_time;
  GroupLimits group_limits_;
};

}  // namespace wallaroo::internal
