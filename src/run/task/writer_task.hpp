// The task of a sink's writer.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "run/checkpoints/checkpoint_port.hpp"
#include "run/task/inbox.hpp"
#include "run/task/task.hpp"
#include "sink/writer.hpp"

namespace wallaroo::internal {

/// Takes batches of bytes from its inbox and gives them to the writer.
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
  bool take_batches();
  bool meet_barrier();
  bool report_barrier();

  Inbox inbox_;
  std::unique_ptr<SinkWriter> writer_;
  CheckpointSlot slot_;
  std::uint64_t barrier_ = 0;  ///< the writer has it, and it is not abandoned or committed; 0: none
  bool reported_ = false;      ///< the checkpointer knows that `barrier_` has passed
  bool suspended_ = false;     ///< the last checkpoint is committed
  bool finishing_ = false;     ///< the writer was told to finish
};

}  // namespace wallaroo::internal
