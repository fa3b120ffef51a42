// The greatest time of a partition's records, without those that may come from a wrong clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/times.hpp"

namespace wallaroo::internal {

/// Believes a time that is at most `bound` (`end_of_time`: any) ahead of the greatest one so far. A
/// time further ahead is a *jump*, and is believed once the records after it confirm it:
///
///     record after a jump                    what becomes of the jump
///     not further ahead than `bound`         loses two votes; without any it is not believed
///     beyond it                              has a vote more; with `enough` it is believed
///     beyond it by more than `bound`         believed; the record is a jump of its own
///     none: the input has ended              believed
///
/// So a wrong clock is not followed while it makes fewer than two thirds of the records, and some
/// stragglers from before a pause do not keep the time from going on after it. A run of records
/// beyond the jump that itself goes on for longer than `bound` confirms it too.
/// The result depends on the records and their order alone.
class GreatestTime {
 public:
  static constexpr std::uint32_t enough = 1000;

  /// Records beyond a jump that are not believed yet; none when `records` is 0.
  struct Run {
    std::uint64_t partition = 0;         ///< the partition of the records
    std::int64_t believed_ns = no_time;  ///< believed when the jump came
    std::int64_t first_ns = 0;           ///< the least time
    std::int64_t furthest_ns = 0;        ///< the greatest time
    std::uint32_t records = 0;           ///< the votes for the jump
  };
  Run run() const { return {0, base(), first_, furthest_, run_}; }
  /// Continues a saved run. Replaces `start` after a restart.
  void resume(const Run& run) {
    start(run.believed_ns);
    first_ = run.first_ns;
    furthest_ = run.furthest_ns;
    run_ = beyond_ = run.records;
  }

  /// Whether `start` was called.
  bool started() const { return started_; }
  /// Sets the time that the first record alone is compared with; `end_of_time` believes any.
  void start_first(std::int64_t reference_ns) {
    started_ = true;
    first_reference_ = reference_ns;
  }
  /// Raises the time up to which records need no confirmation, because others have reached it.
  void start(std::int64_t reference_ns) {
    started_ = true;
    reference_ = std::max(reference_, reference_ns);
  }

  /// The greatest time that is believed; `no_time` when there is none.
  std::int64_t believed() const { return believed_; }
  /// Times up to this one may be given to `raise`, others must be given to `take`.
  std::int64_t limit(std::int64_t bound_ns) const {
    if (bound_ns == end_of_time) {
      return end_of_time;
    }
    return run_ != 0 || believed_ == no_time ? no_time : saturating_add(believed_, bound_ns);
  }
  void raise(std::int64_t time_ns) { believed_ = std::max(believed_, time_ns); }
  /// Takes the next record's time. Returns how many records were found not to be believed.
  std::uint32_t take(std::int64_t time_ns, std::int64_t bound_ns) {
    if (time_ns <= saturating_add(base(), bound_ns)) {
      raise(time_ns);
      constexpr std::uint32_t votes = 2;
      if (run_ > votes) {
        run_ -= votes;
        return 0;
      }
      return std::exchange(run_, 0) == 0 ? 0 : beyond_;
    }
    if (run_ == 0 || time_ns > saturating_add(furthest_, bound_ns)) {
      if (run_ != 0) {
        raise(furthest_);
      }
      first_ = furthest_ = time_ns;
      run_ = beyond_ = 1;
      return 0;
    }
    first_ = std::min(first_, time_ns);
    furthest_ = std::max(furthest_, time_ns);
    ++beyond_;
    if (++run_ >= enough || furthest_ > saturating_add(first_, bound_ns)) {
      believe();
    }
    return 0;
  }
  /// Believes the run that waits to be confirmed.
  void believe() {
    if (run_ != 0) {
      raise(furthest_);
      run_ = 0;
    }
  }
  /// The greatest time of all, believed or not.
  std::int64_t furthest() const { return run_ == 0 ? believed_ : std::max(believed_, furthest_); }

 private:
  std::int64_t base() const {
    return std::max({believed_, reference_, believed_ == no_time ? first_reference_ : no_time});
  }

  std::int64_t believed_ = no_time;
  std::int64_t reference_ = no_time;
  std::int64_t first_reference_ = no_time;
  std::int64_t first_ = 0;     ///< of the run: the least time
  std::int64_t furthest_ = 0;  ///< of the run: the greatest time
  std::uint32_t run_ = 0;      ///< votes of records that are not believed yet
  std::uint32_t beyond_ = 0;   ///< of the run: all its records; after a restart, its votes
  bool started_ = false;
};

}  // namespace wallaroo::internal
