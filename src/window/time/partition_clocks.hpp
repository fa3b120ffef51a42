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

/// Knows the partitions that one executor reads, and how far each has come. Pure: it is told of
/// records and of processing time, which only serves to notice partitions that give nothing. Time
/// that is given to `skip_time` does not count.
class PartitionClocks {
 public:
  explicit PartitionClocks(const EventTimeOptions& options);
  PartitionClocks(const PartitionClocks&) = delete;
  PartitionClocks& operator=(const PartitionClocks&) = delete;

  /// The source starts. For as long as a partition may be silent, it is not idle although it has no
  /// partition yet, so that peers have time to connect. Otherwise two ways from it to one stage
  /// would wake up one after the other, and records on the second way would be late.
  void begin(std::int64_t now_ns);
  /// For `gap_ns` nobody could be heard, so nobody was silent; see `missed_of`.
  void skip_time(std::int64_t gap_ns);
  /// Opens a partition that will give records. Until it does, or is idle, it holds the watermark
  /// back. A bounded one is never idle: it is silent only because its source has not read on.
  void open(std::uint64_t partition, std::int64_t now_ns, bool bounded = false);
  /// No more records come from this partition. Has no effect on one that was never opened.
  void end(std::uint64_t partition);
  /// The sender is away without having ended: the partition holds the others back until it is
  /// opened again or idle; then it ends.
  void leave(std::uint64_t partition);
  /// A partition that was left goes on at another executor. If it has given a record here, it holds
  /// the others back until it is idle (with `idle_after` zero it ends), because it may be behind
  /// the partitions at its new executor.
  void forget(std::uint64_t partition);
  /// The input has ended: jumps that no record has contradicted are believed.
  void finish();
  /// All partitions have ended and none will be opened: the watermark becomes that of the furthest
  /// one.
  void end_all();

  /// Selects the partition of the following times, and opens it if it was not open. The first time
  /// of the first partition is compared with `wall_ns`; with `end_of_time` any time is believed.
  void select(std::uint64_t partition, std::int64_t now_ns, std::int64_t wall_ns = end_of_time);
  /// Takes a record's time.
  [[gnu::always_inline]] void observe(std::int64_t time_ns) {
    if (time_ns >= closer_from_) [[unlikely]] {
      look_closer(time_ns);
    } else {
      greatest_ = std::max(greatest_, time_ns);
    }
  }
  /// Call after the records of a batch, so that the watermark includes them.
  void update();

  /// The clocks in a checkpoint. Partitions are not saved, as they may be others after a restart.
  /// Jumps that wait to be confirmed are saved, for sources whose partitions stay the same (files).
  struct Saved {
    std::int64_t watermark_ns = no_time;
    std::int64_t furthest_ns = no_time;
    bool idle = true;
    std::vector<GreatestTime::Run> runs = {};
    std::int64_t unconfirmed_ns = no_time;  ///< the furthest jump of partitions that have ended
  };
  Saved saved() const;
  /// Starts at the lowest saved clock that was not idle; if all were idle, at the furthest.
  /// Requires that `all` is not empty.
  void resume(std::span<const Saved> all);

  /// Processing time has passed, so partitions may have become idle.
  void on_time(std::int64_t now_ns);
  /// When `on_time` may find something; `end_of_time`: never.
  std::int64_t next_time_ns() const {
    return next_time_ns_ == end_of_time ? end_of_time : saturating_add(next_time_ns_, missed_ns_);
  }

  /// The watermark of the source. It is idle if every partition is, or if there is none. Then no
  /// partition waits for another, and its time is that of the partition that had come furthest.
  Watermark watermark() const { return watermark_; }

  /// Records whose time was too far ahead of the others of their partition to move its watermark.
  std::uint64_t not_believed() const { return not_believed_; }
  /// The partition that holds the others back; of several that are equally far the lowest number.
  /// Nothing if all are idle, or there is none.
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
  void look_from(const GreatestTime& greatest);
  void look_closer(std::int64_t time_ns);
  void observe_custom(std::int64_t time_ns);
  void observe_far(std::int64_t time_ns);
  void resume_run(Clock& clock);
  static std::vector<GreatestTime::Run> runs_of_one_share(std::span<const Saved> all);
  void move(Clock& clock, std::int64_t greatest_ns);
  void find_least();
  std::int64_t counted(std::int64_t now_ns) const { return now_ns - missed_ns_; }

  EventTimeOptions options_;
  bool custom_;
  std::int64_t max_jump_ns_;
  Clocks clocks_;
  std::uint64_t selected_ = 0;
  bool selection_ = false;
  std::int64_t greatest_ = no_time;     ///< of the selected partition since the last update
  std::int64_t closer_from_ = no_time;  ///< likewise: times from this on need a closer look
  bool observed_ = false;               ///< likewise: there was a time, even if it changed nothing
  std::int64_t selected_now_ns_ = 0;
  std::uint64_t least_ = 0;  ///< the partition that holds the others back
  bool least_known_ = false;
  std::int64_t furthest_ = no_time;
  std::int64_t unconfirmed_ns_ = no_time;  ///< the furthest jump of partitions that have ended
  std::uint64_t not_believed_ = 0;
  std::int64_t missed_ns_ = 0;  ///< processing time that does not count
  // In processing time that counts.
  std::int64_t begins_until_ns_ = no_time;
  std::int64_t next_time_ns_ = end_of_time;
  Watermark watermark_{no_time, true};
  std::vector<GreatestTime::Run> restored_runs_;  ///< of partitions that gave nothing since
};

}  // namespace wallaroo::internal
