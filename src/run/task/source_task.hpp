// The task of a source: its reader, and the segment that follows it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "run/checkpoints/checkpoint_port.hpp"
#include "run/task/poll_time.hpp"
#include "run/task/segment_runner.hpp"
#include "run/task/task.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// One source's share on one executor. Polls the reader while no queue downstream is full.
class SourceTask final : public Task, private BatchReceiver {
 public:
  struct Time {
    std::int64_t wall_offset_ns = 0;
    /// How often a source without input tells the stages after it what time it is; 0: no stage
    /// asks.
    std::int64_t tick_ns = 0;
    /// A longer time between two polls is reported to the stages as missed (`skip_time`).
    std::int64_t longest_look_ns = end_of_time;
  };
  struct Share {
    std::string name;
    std::size_t source = 0;  ///< its index among the plan's sources
    CheckpointSlot slot;
    bool ended = false;  ///< in the checkpoint that is restored, which then has no positions for it
    /// Nothing is read while it is false, unless the source is told to stop; null: always true.
    const std::atomic<bool>* may_read = nullptr;
  };
  SourceTask(Share share, SegmentRunner runner, Time time, const Clock& clock)
      : share_(std::move(share)),
        runner_(std::move(runner)),
        time_(time),
        clock_(clock),
        polled_ns_(clock.now_ns()) {}
  /// To make the reader with.
  BatchReceiver& receiver() { return *this; }
  /// Call before the start.
  void set_reader(std::unique_ptr<SourceReader> reader) { reader_ = std::move(reader); }

  void start() override;
  bool step() override;
  void before_sleep() override;
  bool has_work() const override { return runner_.can_advance() || runner_.keeper().can_step(); }
  bool blocked() const override {
    return runner_.blocked() || poll_time_.over() || runner_.waiting();
  }
  std::size_t most_records() const override { return runner_.most_records(); }
  bool unfinished() const override { return runner_.unfinished(); }
  void count_blocked(std::int64_t elapsed_ns) override { runner_.count_blocked(elapsed_ns); }
  bool done() const override { return runner_.ended() && !runner_.blocked(); }
  void stop() override {
    stopped_ = true;
    reader_->stop();
  }
  std::vector<KeptState> states() override { return runner_.states(); }
  std::int64_t due_ns() const override;
  void on_time(std::int64_t now_ns) override;

  void begin_checkpoint(const CheckpointBegin& begin) override { begin_ = begin; }
  void abandon_checkpoint(std::uint64_t number) override;
  void complete_checkpoint(std::uint64_t number) override;
  void suspend() override { runner_.suspend(); }

 private:
  void receive(Batch& batch) override;
  void open_partition(std::uint64_t partition) override {
    ++partitions_;
    runner_.open_partition(partition);
  }
  void open_bounded_partition(std::uint64_t partition) override {
    ++partitions_;
    runner_.open_partition(partition, true);
  }
  void end_partition(std::uint64_t partition) override {
    --partitions_;
    runner_.end_partition(partition);
  }
  void leave_partition(std::uint64_t partition) override {
    --partitions_;
    runner_.leave_partition(partition);
  }
  void forget_partition(std::uint64_t partition) override { runner_.forget_partition(partition); }
  std::optional<std::uint64_t> partition_behind() const override {
    return runner_.partition_behind();
  }

  bool poll();
  bool may_read() const {
    return stopped_ || share_.may_read == nullptr ||
           share_.may_read->load(std::memory_order_relaxed);
  }
  bool gives_way() const { return behind() && !runner_.all_taken(); }
  void report_missed_time();
  void note_overdue(std::int64_t now_ns);
  void find_idle();
  bool serve_checkpoint();
  std::vector<SourcePosition> save_positions(std::uint64_t number);

  Share share_;
  SegmentRunner runner_;
  std::unique_ptr<SourceReader> reader_;

  std::optional<CheckpointBegin> begin_;  ///< a checkpoint that has begun and is not served yet
  bool stopped_ = false;                  ///< the reader was told to stop
  bool stopping_ = false;                 ///< for the last checkpoint
  bool suspended_ = false;                ///< the last checkpoint's barrier is sent
  bool ended_by_itself_ = false;          ///< it had ended before the last checkpoint stopped it

  Time time_;
  const Clock& clock_;
  PollTime poll_time_{clock_};
  std::int64_t polled_ns_;  ///< when the last poll began
  std::int64_t next_tick_ns_ = 0;
  std::int64_t latest_ingest_ns_ = no_time;
  bool starved_ = true;  ///< the reader has delivered everything that it has read

  // To find idle partitions.
  std::int64_t partitions_ = 0;               ///< open ones
  std::int64_t overdue_at_ns_ = end_of_time;  ///< when one that may be idle was noticed first
  std::int64_t noticed_ns_ = 0;               ///< when it was noticed last
  std::int64_t polls_since_ = 0;              ///< polls since it was noticed
};

}  // namespace wallaroo::internal
