// The watermark of a source: the least over its partitions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include <boost/unordered/unordered_flat_map.hpp>

#include <wallaroo/event_time.hpp>

#include "record/batch.hpp"

namespace wallaroo::internal {

/// Knows the partitions that one executor reads, and how far each has come. Pure: told of records
/// and of processing time, which only serves to notice partitions that give nothing.
class PartitionClocks {
 public:
  explicit PartitionClocks(const EventTimeOptions& options);
  PartitionClocks(const PartitionClocks&) = delete;
  PartitionClocks& operator=(const PartitionClocks&) = delete;

  /// The source starts: until it had time to be connected to, as long as a partition may be silent,
  /// it is not idle although it has no partition yet. Two ways that lead from it to one stage would
  /// otherwise wake up one after the other, and what comes by the second be late.
  void begin(std::int64_t now_ns);
  /// A partition that will give records: until it does, or is idle, nothing is known.
  void open(std::uint64_t partition, std::int64_t now_ns);
  /// Nothing follows from it. One that was not opened is none.
  void end(std::uint64_t partition);

  /// The partition that the following times are from; opened when it was not.
  void select(std::uint64_t partition, std::int64_t now_ns);
  /// A record's time.
  [[gnu::always_inline]] void observe(std::int64_t time_ns) {
    if (custom_) [[unlikely]] {
      observe_custom(time_ns);
    } else {
      greatest_ = std::max(greatest_, time_ns);
    }
  }
  /// After the records of a batch: the watermark includes them.
  void update();

  /// What a checkpoint holds: not the partitions, which need not be the same after a restart.
  struct Saved {
    std::int64_t watermark_ns = no_time;
    std::int64_t furthest_ns = no_time;
    bool idle = true;
  };
  Saved saved() const { return {watermark_.time_ns, furthest_, watermark_.idle}; }
  /// After a restart: it was as far as the least of those that were not idle; of those that were,
  /// when all were, as the one that had come furthest. One at least.
  void resume(std::span<const Saved> all);

  /// Processing time passed: partitions may be idle.
  void on_time(std::int64_t now_ns);
  /// When `on_time` may find something; `end_of_time` when never.
  std::int64_t next_time_ns() const { return next_time_ns_; }

  /// Idle when every partition is, or there is none: then nobody waits for anybody, and it is as
  /// far as the one that had come furthest.
  Watermark watermark() const { return watermark_; }

 private:
  struct Clock {
    std::int64_t watermark_ns = no_time;
    std::int64_t last_record_ns = 0;  ///< processing time
    bool idle = false;
    WatermarkStrategy strategy = {};
  };
  using Clocks = boost::unordered_flat_map<std::uint64_t, Clock>;

  Clock& add(std::uint64_t partition, std::int64_t now_ns);
  void observe_custom(std::int64_t time_ns);
  void find_least();

  EventTimeOptions options_;
  bool custom_;
  Clocks clocks_;
  std::uint64_t selected_ = 0;
  bool selection_ = false;
  std::int64_t greatest_ = no_time;  ///< of the selected partition since the last update
  bool observed_ = false;  ///< likewise: a custom strategy saw a time, and may know nothing
  std::int64_t selected_now_ns_ = 0;
  std::uint64_t least_ = 0;  ///< the partition that holds the others back
  bool least_known_ = false;
  std::int64_t furthest_ = no_time;
  std::int64_t begins_until_ns_ = no_time;
  std::int64_t next_time_ns_ = end_of_time;
  Watermark watermark_{no_time, true};
};

}  // namespace wallaroo::internal
