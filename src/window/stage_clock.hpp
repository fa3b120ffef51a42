// How far a stage of windows has come, in event time and in processing time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/check.hpp"
#include "base/times.hpp"
#include "window/closings.hpp"
#include "window/window_settings.hpp"
#include "window/window_times.hpp"

namespace wallaroo::internal {

/// What is due follows from the watermark, or from a time-out, which stands in for it. The sets of
/// windows derive from it.
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
    watermark_ = watermark_ns;
  }

  /// Whether the input has stopped: every source that leads here is idle. Only then does time run
  /// towards the time-out, except that of count windows. True until it is told.
  void on_idle(bool idle) { idle_ = idle; }

  /// Processing time before the records that follow, for time-outs that are counted from a record.
  void set_now(std::int64_t now_ns) { now_ = std::max(now_, now_ns); }

  std::int64_t watermark() const { return watermark_; }

  /// What a checkpoint holds of it.
  struct Saved {
    WindowShape shape;
    std::int64_t watermark = no_time;
    std::int64_t limit = no_time;
    std::int64_t newest = no_time;
    std::int64_t before_end = no_time;
    std::int64_t next_early = no_time;  ///< of the wall clock
    std::vector<Closings::Closing> closings;
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
            closings_.all()};
  }
  /// Of the executors whose keys are here now; one at least. Of several it is as far as the last of
  /// them: nothing is late that would not have been. Throws StoredError when the windows were
  /// others.
  void restore(std::span<const Saved> all, std::int64_t wall_offset_ns) {
    for (const Saved& one : all) {
      check_shape(one.shape, shape_of(settings_));
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
    }
    restored_ = keeps_phase_ = true;
  }

 protected:
  /// `longest_wait_ns`: the last time after the newest record at which a window with it may be due.
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
    }
  }

  /// As far as a time-out moves the limit: over all windows that can be open.
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
  bool restored_ = false;     ///< and time was not told since
  bool keeps_phase_ = false;  ///< of preliminary results: restored, and nothing happened since
  std::int64_t watermark_ = no_time;
  std::int64_t limit_ = no_time;   ///< what is due by then fires; count windows: now
  std::int64_t newest_ = no_time;  ///< greatest time of a record
  std::int64_t now_ = no_time;
  std::int64_t idle_since_ = no_time;
  std::int64_t before_end_ = no_time;  ///< the watermark when the input ended
  std::int64_t next_early_ = no_time;  ///< when preliminary results are due
  Closings closings_;
};

}  // namespace wallaroo::internal
