// What an executor does in turn: one task for each node of the plan that runs on it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "route/outlet.hpp"
#include "sink/writer.hpp"
#include "source/connector.hpp"
#include "step/segment.hpp"
#include "worker/inbox.hpp"

namespace wallaroo::internal {

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
  /// Ended, and everything it made was passed on.
  virtual bool done() const = 0;
  /// Sources: no new input.
  virtual void stop() {}

  /// The engine time at which the task wants `on_time` to be called; `end_of_time` for never.
  virtual std::int64_t due_ns() const { return end_of_time; }
  virtual void on_time(std::int64_t) {}
};

/// The outlets of a segment, and its end.
class SegmentOutput {
 public:
  SegmentOutput(std::vector<std::unique_ptr<Outlet>> outlets, std::unique_ptr<Segment> segment)
      : outlets_(std::move(outlets)), segment_(std::move(segment)) {}

  void process(Batch& batch) {
    segment_->process(batch);
    maybe_open_ = true;
    // A step of its own that makes watermarks may have made something due.
    more_to_fire_ = true;
  }
  /// What is promised of the input so far.
  void set_watermark(Watermark watermark);
  /// Tells the stages after it where this one begins.
  void announce();
  /// Does a part of what the watermark has made due, unless blocked; true when it did something.
  bool fire();
  /// Nothing is due any more.
  bool fired() const { return !more_to_fire_; }
  std::int64_t due_ns() const { return segment_->due_ns(); }
  void on_time(std::int64_t now_ns);
  void open_partition(std::uint64_t partition);
  void end_partition(std::uint64_t partition);
  /// Moves what had overflowed; sends open batches that are awaited. True when something moved.
  bool advance();
  void flush_everything();
  /// No more input: sends the rest and the end of the stream.
  void end();
  bool ended() const { return ended_; }

  bool blocked() const;
  /// `advance` would move something.
  bool can_advance() const;
  void wait_for_room();

 private:
  std::vector<std::unique_ptr<Outlet>> outlets_;
  std::unique_ptr<Segment> segment_;
  Watermark watermark_;
  bool more_to_fire_ = false;
  bool maybe_open_ = false;
  bool ended_ = false;
};

/// A source: its connector reads when nothing downstream is full.
class SourceTask final : public Task, private BatchReceiver {
 public:
  /// `tick_ns`: how often a source without input tells the stages after it what time it is; 0 when
  /// no stage asks.
  struct Time {
    std::int64_t wall_offset_ns = 0;
    std::int64_t tick_ns = 0;
  };
  SourceTask(std::string name, SegmentOutput output, Time time)
      : name_(std::move(name)), output_(std::move(output)), time_(time) {}
  BatchReceiver& receiver() { return *this; }
  void set_connector(std::unique_ptr<SourceConnector> connector) {
    connector_ = std::move(connector);
  }

  void start() override;
  bool step() override;
  void before_sleep() override;
  bool has_work() const override { return output_.can_advance(); }
  bool blocked() const override { return output_.blocked(); }
  bool done() const override { return output_.ended() && !output_.blocked(); }
  void stop() override { connector_->stop(); }
  std::int64_t due_ns() const override;
  void on_time(std::int64_t now_ns) override;

 private:
  void receive(Batch& batch) override;
  void open_partition(std::uint64_t partition) override {
    ++partitions_;
    output_.open_partition(partition);
  }
  void end_partition(std::uint64_t partition) override {
    --partitions_;
    output_.end_partition(partition);
  }

  bool poll();
  void find_idle(std::int64_t now_ns);

  std::string name_;
  SegmentOutput output_;
  std::unique_ptr<SourceConnector> connector_;
  Time time_;
  std::int64_t next_tick_ns_ = 0;
  std::int64_t latest_ingest_ns_ = no_time;
  bool starved_ = true;  ///< the connector has nothing left that it has read
  std::int64_t partitions_ = 0;
  std::int64_t overdue_at_ns_ = end_of_time;  ///< when a partition that may be idle was noticed
  std::int64_t polls_since_ = 0;
};

/// A segment between queues.
class SegmentTask final : public Task {
 public:
  SegmentTask(Inbox inbox, SegmentOutput output)
      : inbox_(std::move(inbox)), output_(std::move(output)) {}

  /// Each producer is a partition for steps that make watermarks.
  void start() override;
  bool step() override;
  void before_sleep() override;
  bool has_work() const override {
    return output_.blocked() ? output_.can_advance() : inbox_.has_mail() || !output_.fired();
  }
  bool blocked() const override { return output_.blocked(); }
  bool done() const override { return output_.ended() && !output_.blocked(); }
  std::int64_t due_ns() const override {
    return output_.ended() || output_.blocked() ? end_of_time : output_.due_ns();
  }
  void on_time(std::int64_t now_ns) override { output_.on_time(now_ns); }

 private:
  bool fire();
  bool take_batches();

  Inbox inbox_;
  SegmentOutput output_;
  int unfinished_ = 0;  ///< steps in a row that left something due
};

/// The writer of a sink.
class WriterTask final : public Task {
 public:
  WriterTask(Inbox inbox, std::unique_ptr<SinkWriter> writer)
      : inbox_(std::move(inbox)), writer_(std::move(writer)) {}

  void start() override { writer_->start(); }
  bool step() override;
  void before_sleep() override { writer_->flush(); }
  bool has_work() const override { return writer_->can_accept() && inbox_.has_mail(); }
  bool blocked() const override { return !writer_->can_accept(); }
  bool done() const override { return inbox_.ended() && writer_->finished(); }
  void stop() override { writer_->drain(); }

 private:
  Inbox inbox_;
  std::unique_ptr<SinkWriter> writer_;
  bool finishing_ = false;
};

}  // namespace wallaroo::internal
