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
};

/// The outlets of a segment, and its end.
class SegmentOutput {
 public:
  SegmentOutput(std::vector<std::unique_ptr<Outlet>> outlets, std::unique_ptr<Segment> segment)
      : outlets_(std::move(outlets)), segment_(std::move(segment)) {}

  void process(Batch& batch) {
    segment_->process(batch);
    maybe_open_ = true;
  }
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
  bool maybe_open_ = false;
  bool ended_ = false;
};

/// A source: its connector reads when nothing downstream is full.
class SourceTask final : public Task, private BatchReceiver {
 public:
  SourceTask(std::string name, SegmentOutput output)
      : name_(std::move(name)), output_(std::move(output)) {}
  BatchReceiver& receiver() { return *this; }
  void set_connector(std::unique_ptr<SourceConnector> connector) {
    connector_ = std::move(connector);
  }

  void start() override { connector_->start(); }
  bool step() override;
  void before_sleep() override;
  bool has_work() const override { return output_.can_advance(); }
  bool blocked() const override { return output_.blocked(); }
  bool done() const override { return output_.ended() && !output_.blocked(); }
  void stop() override { connector_->stop(); }

 private:
  void receive(Batch& batch) override { output_.process(batch); }

  bool poll();

  std::string name_;
  SegmentOutput output_;
  std::unique_ptr<SourceConnector> connector_;
};

/// A segment between queues.
class SegmentTask final : public Task {
 public:
  SegmentTask(Inbox inbox, SegmentOutput output)
      : inbox_(std::move(inbox)), output_(std::move(output)) {}

  bool step() override;
  void before_sleep() override;
  bool has_work() const override {
    return output_.blocked() ? output_.can_advance() : inbox_.has_mail();
  }
  bool blocked() const override { return output_.blocked(); }
  bool done() const override { return output_.ended() && !output_.blocked(); }

 private:
  Inbox inbox_;
  SegmentOutput output_;
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
