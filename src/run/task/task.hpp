// What an executor does in turn: one task for each node of the plan that runs on it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "run/checkpoints/checkpoint_port.hpp"
#include "run/task/inbox.hpp"
#include "run/task/poll_time.hpp"
#include "run/task/segment_runner.hpp"
#include "sink/writer.hpp"
#include "source/connector.hpp"

namespace wallaroo::internal {

struct CheckpointBegin {
  std::uint64_t number = 0;
  bool last = false;      ///< sources give nothing after its barrier
  RewritePlaces rewrite;  ///< saved although they have not changed
};

class Task {
 public:
  Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task() = default;

  /// Once, on the executor's thread.
  virtual void start() {}
  /// Does a bounded piece of work; false when there was none to do.
  virtual bool step() = 0;
  /// The executor has run out of work: nothing may be held back in open batches.
  virtual void before_sleep() = 0;
  /// After the executor announced its sleep: is there work after all?
  virtual bool has_work() const = 0;
  /// Has work, but a full queue or a slow peer holds it back.
  virtual bool blocked() const = 0;
  /// It has been blocked for so long; adds that to what is counted for its queues.
  virtual void count_blocked(std::int64_t) {}
  /// Ended, and everything it made was passed on.
  virtual bool done() const = 0;
  /// Before it starts: when this is set, a step ends as soon as it can.
  void obey(const std::atomic<bool>& stop_now) { stop_now_ = &stop_now; }
  /// Sources: no new input.
  virtual void stop() {}
  /// Sinks: peers that take nothing are given up after a while.
  virtual void drain() {}

  /// The engine time at which the task wants `on_time` to be called; `end_of_time` for never.
  virtual std::int64_t due_ns() const { return end_of_time; }
  virtual void on_time(std::int64_t) {}
  /// For so long the executor did nothing of what it was to do: it was stopped, or busy elsewhere.
  virtual void skip_time(std::int64_t) {}

  // Checkpoints. What the checkpointer wants, on the executor's thread; the task answers through
  // its port.

  /// A checkpoint has begun.
  virtual void begin_checkpoint(const CheckpointBegin&) = 0;
  /// It has failed.
  virtual void abandon_checkpoint(std::uint64_t number) = 0;
  /// It is complete, and committed.
  virtual void complete_checkpoint(std::uint64_t) {}
  virtual void prepare_sink(std::uint64_t) {}
  virtual void commit_sink(std::uint64_t) {}
  /// The last checkpoint is committed: ends, without the end of the stream.
  virtual void suspend() = 0;
  /// Nothing will happen here any more but what the checkpointer wants.
  virtual bool quiet() const { return done(); }

 protected:
  bool told_to_stop() const {
    return stop_now_ != nullptr && stop_now_->load(std::memory_order_relaxed);
  }

 private:
  const std::atomic<bool>* stop_now_ = nullptr;
};

/// A source: its connector reads when nothing downstream is full.
class SourceTask final : public Task, private BatchReceiver {
 public:
  /// `tick_ns`: how often a source without input tells the stages after it what time it is; 0 when
  /// no stage asks.
  struct Time {
    std::int64_t wall_offset_ns = 0;
    std::int64_t tick_ns = 0;
    /// Between two polls; in a longer time input could not be read.
    std::int64_t longest_look_ns = end_of_time;
  };
  /// Of the source's share of this executor, for checkpoints.
  struct Share {
    std::string name;
    std::size_t source = 0;  ///< its index among those of the plan
    CheckpointSlot slot;
    bool ended = false;  ///< already in the checkpoint that is restored: it has no positions any more
  };
  SourceTask(Share share, SegmentRunner output, Time time, const Clock& clock)
      : share_(std::move(share)),
        output_(std::move(output)),
        time_(time),
        clock_(clock),
        looked_ns_(clock.now_ns()) {}
  BatchReceiver& receiver() { return *this; }
  void set_connector(std::unique_ptr<SourceConnector> connector) {
    connector_ = std::move(connector);
  }

  void start() override;
  bool step() override;
  void before_sleep() override;
  bool has_work() const override { return output_.can_advance() || output_.keeper().can_step(); }
  bool blocked() const override {
    return output_.blocked() || poll_time_.over() || output_.waiting();
  }
  void count_blocked(std::int64_t elapsed_ns) override { output_.count_blocked(elapsed_ns); }
  bool done() const override { return output_.ended() && !output_.blocked(); }
  void stop() override { connector_->stop(); }
  std::int64_t due_ns() const override;
  void on_time(std::int64_t now_ns) override;

  void begin_checkpoint(const CheckpointBegin& begin) override { begin_ = begin; }
  void abandon_checkpoint(std::uint64_t number) override;
  void complete_checkpoint(std::uint64_t number) override;
  void suspend() override { output_.suspend(); }

 private:
  bool serve_checkpoint();
  std::vector<SourcePosition> save_positions(std::uint64_t number);
  void receive(Batch& batch) override;
  void open_partition(std::uint64_t partition) override {
    ++partitions_;
    output_.open_partition(partition);
  }
  void open_bounded_partition(std::uint64_t partition) override {
    ++partitions_;
    output_.open_partition(partition, true);
  }
  void end_partition(std::uint64_t partition) override {
    --partitions_;
    output_.end_partition(partition);
  }
  void leave_partition(std::uint64_t partition) override {
    --partitions_;
    output_.leave_partition(partition);
  }
  void forget_partition(std::uint64_t partition) override { output_.forget_partition(partition); }
  std::optional<std::uint64_t> partition_behind() const override {
    return output_.partition_behind();
  }

  bool poll();
  void look();
  void note_overdue(std::int64_t now_ns);
  void find_idle();

  Share share_;
  SegmentRunner output_;
  std::optional<CheckpointBegin> begin_;  ///< to be served
  bool stopping_ = false;                 ///< for the last checkpoint
  bool suspended_ = false;                ///< its barrier is sent
  bool ended_by_itself_ = false;          ///< before it was stopped
  std::unique_ptr<SourceConnector> connector_;
  Time time_;
  const Clock& clock_;
  PollTime poll_time_{clock_};
  std::int64_t next_tick_ns_ = 0;
  std::int64_t latest_ingest_ns_ = no_time;
  bool starved_ = true;  ///< the connector has nothing left that it has read
  std::int64_t looked_ns_;  ///< when it was polled last
  std::int64_t partitions_ = 0;
  std::int64_t overdue_at_ns_ = end_of_time;  ///< when a partition that may be idle was noticed
  std::int64_t noticed_ns_ = 0;               ///< and the last time
  std::int64_t polls_since_ = 0;
};

/// A segment between queues.
class SegmentTask final : public Task {
 public:
  SegmentTask(Inbox inbox, SegmentRunner output)
      : inbox_(std::move(inbox)), output_(std::move(output)) {}

  void begin_checkpoint(const CheckpointBegin& begin) override;
  void abandon_checkpoint(std::uint64_t number) override;
  void complete_checkpoint(std::uint64_t number) override { output_.keeper().complete(number); }
  void suspend() override { output_.suspend(); }

  /// Each producer is a partition for steps that make watermarks.
  void start() override;
  bool step() override;
  void before_sleep() override;
  bool has_work() const override {
    return output_.keeper().can_step() ||
           (output_.blocked() ? output_.can_advance() : inbox_.has_mail() || !output_.fired());
  }
  bool blocked() const override { return output_.blocked(); }
  void count_blocked(std::int64_t elapsed_ns) override { output_.count_blocked(elapsed_ns); }
  bool done() const override { return output_.ended() && !output_.blocked(); }
  std::int64_t due_ns() const override {
    return suspended_ || output_.ended() || output_.blocked() ? end_of_time : output_.due_ns();
  }
  void on_time(std::int64_t now_ns) override { output_.on_time(now_ns); }
  void skip_time(std::int64_t gap_ns) override { output_.skip_time(gap_ns); }

 private:
  bool fire();
  bool take_batches();
  bool meet_barrier();

  Inbox inbox_;
  SegmentRunner output_;
  RewritePlaces rewrite_;   ///< with the next barrier
  bool last_ = false;       ///< that is the last one
  bool suspended_ = false;  ///< the last one has passed
  int unfinished_ = 0;      ///< steps in a row that left something due
};

/// The writer of a sink.
class WriterTask final : public Task {
 public:
  WriterTask(Inbox inbox, std::unique_ptr<SinkWriter> writer, CheckpointSlot slot)
      : inbox_(std::move(inbox)), writer_(std::move(writer)), slot_(slot) {}

  void start() override { writer_->start(); }
  bool step() override;
  void before_sleep() override { writer_->flush(); }
  bool has_work() const override { return writer_->can_accept() && inbox_.has_mail(); }
  bool blocked() const override { return !writer_->can_accept(); }
  bool done() const override { return (inbox_.ended() || suspended_) && writer_->finished(); }
  void stop() override { drain(); }
  void drain() override { writer_->drain(); }

  void begin_checkpoint(const CheckpointBegin& begin) override;
  void abandon_checkpoint(std::uint64_t number) override;
  void prepare_sink(std::uint64_t number) override { writer_->prepare(number); }
  void commit_sink(std::uint64_t number) override {
    barrier_ = 0;
    writer_->commit(number);
  }
  void suspend() override;
  bool quiet() const override { return inbox_.ended() && finishing_; }

 private:
  Inbox inbox_;
  std::unique_ptr<SinkWriter> writer_;
  CheckpointSlot slot_;
  std::uint64_t barrier_ = 0;  ///< passed to the writer, and neither abandoned nor committed
  bool reported_ = false;      ///< that its barrier has passed
  bool suspended_ = false;
  bool finishing_ = false;
};

}  // namespace wallaroo::internal
