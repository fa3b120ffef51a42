// The watermark of a source: the least over its partitions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <wallaroo/types/event_time.hpp>

#include "record/batch.hpp"
#include "window/time/greatest_time.hpp"

namespace wallaroo::internal {

/// Knows the partitions that one executor reads, and how far each has come. Pure: told of records
/// and of processing time, which only serves to notice partitions that give nothing. Of that time
/// counts what is not given to `skip_time`.
class PartitionClocks {
 public:
  explicit PartitionClocks(const EventTimeOptions& options);
  PartitionClocks(const PartitionClocks&) = delete;
  PartitionClocks& operator=(const PartitionClocks&) = delete;

  /// The source starts: until it had time to be connected to, as long as a partition may be silent,
  /// it is not idle although it has no partition yet. Two ways that lead from it to one stage would
  /// otherwise wake up one after the other, and what comes by the second be late.
  void begin(std::int64_t now_ns);
  /// For `gap_ns` nobody could be heard, so nobody was silent; see `missed_of`.
  void skip_time(std::int64_t gap_ns);
  /// A partition that will give records: until it does, or is idle, nothing is known. A bounded one
  /// is never idle: it is silent only because its source has not read on.
  void open(std::uint64_t partition, std::int64_t now_ns, bool bounded = false);
  /// Nothing follows from this partition. Has no effect on one that was never opened.
  void end(std::uint64_t partition);
  /// The sender is away without having ended: the partition holds the others back until it is
  /// opened again or idle; then it ends.
  void leave(std::uint64_t partition);
  /// A partition that was left goes on at another executor. If it has given a record here, it holds
  /// the others back until it is idle (with `idle_after` zero it ends), because a partition that moves
  /// may be behind those that are where it goes on.
  void forget(std::uint64_t partition);
  /// The input has ended: jumps that no record has contradicted are believed.
  void finish();
  /// All partitions have ended and none will be opened: the watermark becomes that of the furthest
  /// one.
  void end_all();

  /// The partition that the following times are from; opened when it was not. The first time of the
  /// first partition is held against `wall_ns`; `end_of_time` when it is good whatever it is.
  void select(std::uint64_t partition, std::int64_t now_ns, std::int64_t wall_ns = end_of_time);
  /// A record's time.
  [[gnu::always_inline]] void observe(std::int64_t time_ns) {
    if (custom_) [[unlikely]] {
      observe_custom(time_ns);
    } else if (time_ns > limit_) [[unlikely]] {
      observe_far(time_ns);
    } else {
      greatest_ = std::max(greatest_, time_ns);
    }
  }
  /// After the records of a batch: the watermark includes them.
  void update();

  /// What a checkpoint holds. Partitions are not saved, as they may be others after a restart. Jumps
  /// that wait to be confirmed are, for sources whose partitions stay the same (files).
  struct Saved {
    std::int64_t watermark_ns = no_time;
    std::int64_t furthest_ns = no_time;
    bool idle = true;
    std::vector<GreatestTime::Run> runs = {};
    std::int64_t unconfirmed_ns = no_time;  ///< the furthest jump of partitions that have ended
  };
  Saved saved() const;
  /// Starts at the lowest saved clock that was not idle; if all were idle, at the furthest. Requires
  /// that `all` is not empty.
  void resume(std::span<const Saved> all);

  /// Processing time passed: partitions may be idle.
  void on_time(std::int64_t now_ns);
  /// When `on_time` may find something; `end_of_time` when never.
  std::int64_t next_time_ns() const {
    return next_time_ns_ == end_of_time ? end_of_time : saturating_add(next_time_ns_, missed_ns_);
  }

  /// Idle when every partition is, or there is none: then nobody waits for anybody, and it is as
  /// far as the one that had come furthest.
  Watermark watermark() const { return watermark_; }

  /// Records whose time was too far ahead of the others of their partition to move its watermark.
  std::uint64_t not_believed() const { return not_believed_; }
  /// The partition that holds the others back; of several that are equally far the lowest number.
  /// No value when all are idle, or there is none.
  std::optional<std::uint64_t> behind() const {
    return least_known_ ? std::optional(least_) : std::nullopt;
  }

 private:
  struct Clock {
    std::int64_t watermark_ns = no_time;
    std::int64_t last_record_ns = 0;  ///< processing time that counts
    bool idle = false;
    bool left = false;  ///< cut off
    GreatestTime greatest = {};
    bool bounded = false;
    WatermarkStrategy strategy = {};
  };
  using Clocks = boost::unordered_flat_map<std::uint64_t, Clock>;

  Clock& add(std::uint64_t partition, std::int64_t counted_ns);
  void observe_custom(std::int64_t time_ns);
  void observe_far(std::int64_t time_ns);
  void resume_run(Clock& clock);
  void move(Clock& clock, std::int64_t greatest_ns);
  void find_least();
  std::int64_t counted(std::int64_t now_ns) const { return now_ns - missed_ns_; }

  EventTimeOptions options_;
  bool custom_;
  std::int64_t max_jump_ns_;
  Clocks clocks_;
  std::uint64_t selected_ = 0;
  bool selection_ = false;
  std::int64_t greatest_ = no_time;  ///< of the selected partition since the last update
  std::int64_t limit_ = no_time;     ///< likewise: times beyond it need a closer look
  bool observed_ = false;  ///< likewise: there was a time, of which nothing may follow
  std::int64_t selected_now_ns_ = 0;
  std::uint64_t least_ = 0;  ///< the partition that holds the others back
  bool least_known_ = false;
  std::int64_t furthest_ = no_time;
  std::int64_t unconfirmed_ns_ = no_time;  ///< the furthest jump of partitions that have ended
  std::uint64_t not_believed_ = 0;
  std::int64_t missed_ns_ = 0;  ///< of processing time
  // Of the time that counts.
  std::int64_t begins_until_ns_ = no_time;
  std::int64_t next_time_ns_ = end_of_time;
  Watermark watermark_{no_time, true};
  std::vector<GreatestTime::Run> restored_runs_;  ///< of partitions that gave nothing since
};

}  // namespace wallaroo::internal
