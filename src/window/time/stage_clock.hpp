// How far a stage of windows has come, in event time and in processing time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <wallaroo/types/stored.hpp>

#include "base/check.hpp"
#include "base/missed_time.hpp"
#include "base/times.hpp"
#include "route/key_group.hpp"
#include "window/time/closings.hpp"
#include "window/time/group_limits.hpp"
#include "window/time/window_times.hpp"
#include "window/window_settings.hpp"

namespace wallaroo::internal {

/// The watermark, or a time-out that stands in for it, decides which windows are due. The sets of
/// windows derive from this class.
class StageClock {
 public:
  StageClock(const StageClock&) = delete;
  StageClock& operator=(const StageClock&) = delete;

  /// The stage's watermark, which never goes back; `end_of_time` once the input has ended.
  /// fire_due() gives the results.
  void on_watermark(std::int64_t watermark_ns) {
    check(watermark_ns >= watermark_, "watermarks never go back");
    if (watermark_ns == watermark_) {
      return;
    }
    active_ = true;
    if (watermark_ns == end_of_time) {
      before_end_ = watermark_;
      closings_.add(end_of_time, watermark_);
      limit_ = end_of_time;
    } else if (!by_count_) {
      limit_ = std::max(limit_, watermark_ns);
    }
    group_limits_.pass(limit_);
    watermark_ = watermark_ns;
  }

  /// Whether the input has stopped: every source that leads here is idle. Only then does time run
  /// towards the time-out, except that of count windows. True before the first call.
  void on_idle(bool idle) { idle_ = idle; }

  /// Input could not be read for `gap_ns`; that time does not count towards the time-out.
  void skip_time(std::int64_t gap_ns) {
    if (settings_.timeout_ns && idle_since_ != no_time) {
      idle_since_ = saturating_add(idle_since_, missed_of(gap_ns, *settings_.timeout_ns));
    }
  }

  /// Sets the processing time of the next records, for time-outs that are counted from a record.
  void set_now(std::int64_t now_ns) { now_ = std::max(now_, now_ns); }

  std::int64_t watermark() const { return watermark_; }
  /// The watermark of the output while the end of the stream fires: it stays where it was before
  /// until everything has fired.
  std::int64_t output_before_end() const {
    return saturating_add(before_end_, by_count_ ? 0 : -settings_.delay_ns);
  }

  /// The clock in a checkpoint.
  struct Saved {
    WindowShape shape;
    std::int64_t watermark = no_time;
    std::int64_t limit = no_time;
    std::int64_t newest = no_time;
    std::int64_t before_end = no_time;
    std::int64_t next_early = no_time;  ///< of the wall clock
    std::vector<Closings::Closing> closings;
    std::vector<std::int64_t> group_limits = {};  ///< empty, or one for each key group
  };
  /// Engine time + the offset is wall time.
  Saved saved(std::int64_t wall_offset_ns) const {
    // The limit of count windows is a processing time, which on_time() tells anew.
    return {shape_of(settings_),
            watermark_,
            by_count_ && limit_ != end_of_time ? no_time : limit_,
            newest_,
            before_end_,
            shift_time(next_early_, wall_offset_ns),
            closings_.all(),
            group_limits_.all()};
  }
  /// Goes on from the clocks of all former executors, in their order, or from the clock of the one
  /// whose keys are here. Of several, the one that was least far counts, so that nothing is late
  /// that would not have been. Windows that a time-out had closed on one of them stay closed for
  /// its keys. Those that had not fired yet do so when the watermark or the next time-out gets
  /// there, or before another output of their key. `owners` is that of SavedInstances. Throws
  /// StoredError if the windows had other settings.
  void restore(std::span<const Saved> all, std::int64_t wall_offset_ns,
               std::span<const std::uint16_t> owners = {}) {
    for (const Saved& one : all) {
      check_shape(one.shape, shape_of(settings_));
      if (!one.group_limits.empty() && !become_groups(one.group_limits.size())) {
        throw StoredError("there is not one limit for each key group");
      }
    }
    const auto least = [&](auto member) {
      return std::invoke(
          member, *std::min_element(all.begin(), all.end(), [&](const Saved& a, const Saved& b) {
            return std::invoke(member, a) < std::invoke(member, b);
          }));
    };
    watermark_ = least(&Saved::watermark);
    limit_ = least(&Saved::limit);
    before_end_ = least(&Saved::before_end);
    next_early_ = shift_time(least(&Saved::next_early), -wall_offset_ns);
    for (const Saved& one : all) {
      newest_ = std::max(newest_, one.newest);
    }
    if (all.size() == 1) {
      for (const auto& closing : all.front().closings) {
        closings_.add(closing.limit, closing.watermark);
      }
    } else if (watermark_ == end_of_time) {
      closings_.add(end_of_time, before_end_);
    }
    group_limits_.set(by_count_ ? std::vector<std::int64_t>() : limits_of_groups(all, owners),
                      limit_);
    restored_ = keeps_phase_ = true;
  }

 protected:
  /// `longest_wait_ns`: how long after the newest record a window with it may be due.
  StageClock(const WindowSettings& settings, const TimeLimits& limits, std::int64_t longest_wait_ns)
      : settings_(settings),
        by_count_(settings.kind == WindowKind::count),
        limits_(limits),
        longest_wait_ns_(longest_wait_ns) {}
  ~StageClock() = default;

  void pass_time(std::int64_t now_ns) {
    now_ = std::max(now_, now_ns);
    if (active_ || restored_) {
      active_ = restored_ = false;
      idle_since_ = now_;
    }
    if (by_count_) {
      limit_ = std::max(limit_, now_);
    } else if (now_ >= timeout_at()) {
      closings_.add(closing_limit(), watermark_);
      limit_ = closing_limit();
      group_limits_.pass(limit_);
    }
  }

  /// How far windows count as passed. The end of time does not count while any window is open.
  std::int64_t passed(bool any_open) const {
    return any_open && watermark_ == end_of_time ? before_end_ : watermark_;
  }

  /// The limit of one key; see limit_.
  std::int64_t limit_of(std::uint64_t hash) const { return group_limits_.of(hash, limit_); }
  bool has_group_limits() const { return !group_limits_.empty(); }
  /// Why a window with these times fires now.
  Firing firing_of(std::int64_t end_ns, std::int64_t due_ns) const {
    if (due_ns > limit_) {  // due by the limit of its group: closed before the restart
      return end_ns <= watermark_ ? Firing::complete : Firing::closed;
    }
    return closings_.firing(end_ns, due_ns);
  }

  /// The limit after a time-out: beyond all windows that can be open.
  std::int64_t closing_limit() const {
    return std::max(limit_, limits_.clamp(newest_) + longest_wait_ns_);
  }
  std::int64_t timeout_at() const {
    if (!settings_.timeout_ns || !idle_ || newest_ == no_time || closing_limit() <= limit_) {
      return end_of_time;
    }
    return saturating_add(active_ || restored_ ? now_ : idle_since_, *settings_.timeout_ns);
  }

  const WindowSettings settings_;
  const bool by_count_;
  const TimeLimits limits_;
  const std::int64_t longest_wait_ns_;

  bool idle_ = true;
  bool active_ = false;       ///< there was an event since time was told
  bool restored_ = false;     ///< restored, and time was not told since
  bool keeps_phase_ = false;  ///< of preliminary results: restored, and nothing happened since
  std::int64_t watermark_ = no_time;
  std::int64_t limit_ = no_time;   ///< windows due by then fire; count windows: now
  std::int64_t newest_ = no_time;  ///< greatest time of a record
  std::int64_t now_ = no_time;
  std::int64_t idle_since_ = no_time;
  std::int64_t before_end_ = no_time;  ///< the watermark when the input ended
  std::int64_t next_early_ = no_time;  ///< when preliminary results are due
  Closings closings_;

 private:
  GroupLimits group_limits_;
};

}  // namespace wallaroo::internal
