// Takes the checkpoints of a run in one process.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "checkpoint/store/store.hpp"
#include "metrics/engine_metrics.hpp"
#include "run/checkpoints/checkpoint_leader.hpp"
#include "run/checkpoints/checkpoint_loop.hpp"
#include "run/checkpoints/checkpoint_observer.hpp"
#include "run/checkpoints/checkpoint_part.hpp"
#include "run/checkpoints/checkpoint_settings.hpp"

namespace wallaroo::internal {

/// A leader with one worker, itself: they call each other on one thread.
class Checkpointer {
 public:
  /// `metrics` outlive it, because they go on counting after a roll back.
  Checkpointer(CheckpointSettings settings, const Clock& clock, const Log& log,
               CheckpointMetrics& metrics)
      : loop_(clock), part_(loop_, log), leader_(settings, clock, log, metrics) {}

  ~Checkpointer() { end_thread(); }

  /// Call before `start_thread`. The observer must outlive this; null: nobody is told.
  void observe(CheckpointObserver* observer);

  /// Call first. `leader` needs no workers.
  void prepare(PartPlan part, LeaderPlan leader, CheckpointerCallbacks callbacks);
  /// See CheckpointLeader.
  void open(CheckpointStore& store, std::optional<Manifest> previous, FailedCheckpoints failures);
  void start_thread();
  /// Ends the thread. A checkpoint that is being taken stays as it is. Not from that thread.
  void end_thread() { loop_.end_thread(); }

  /// Takes the last checkpoint. From any thread.
  void stop() {
    loop_.post([this] { leader_.stop(); });
  }

  // Without a thread.

  /// Begins a checkpoint.
  void begin_now() { leader_.begin_now(); }
  /// Handles what has come; true while a checkpoint is being taken.
  bool pump() {
    loop_.run_posted();
    return leader_.busy();
  }

  /// Where tasks put their parts.
  CheckpointPort& port() { return part_; }
  /// From any thread.
  FailedCheckpoints failures() const { return leader_.failures(); }

 private:
  std::function<void(std::string)> failed_;
  // The others are called on its thread.
  CheckpointLoop loop_;
  CheckpointPart part_;
  CheckpointLeader leader_;
};

}  // namespace wallaroo::internal
