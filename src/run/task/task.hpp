// A task: what an executor does for one node of the plan. It serves its tasks in turn.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/times.hpp"
#include "run/checkpoints/state_keeper.hpp"

namespace wallaroo::internal {

/// Batches that a task takes in one step. Few enough that an executor looks at its sockets and its
/// other tasks every millisecond or so.
inline constexpr int batches_per_step = 4;

struct CheckpointBegin {
  std::uint64_t number = 0;
  bool last = false;      ///< no record follows its barrier in this run
  RewriteGroups rewrite;  ///< saved although they have not changed
};

/// All functions are called on the executor's thread.
class Task {
 public:
  Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task() = default;

  /// Called once, before the first step. Throws what its source or sink throws, and ConfigError or
  /// StageError for state that cannot be restored.
  virtual void start() {}
  /// Does a bounded piece of work; false when there was none to do.
  virtual bool step() = 0;
  /// Sends all open batches, and asks full queues to ring when they have room. The executor has run
  /// out of work and may sleep.
  virtual void before_sleep() = 0;
  /// There is work to do now. The executor asks once more after it has announced its sleep.
  virtual bool has_work() const = 0;
  /// A full queue or a slow peer holds the task back.
  virtual bool blocked() const = 0;
  /// The task was blocked for the last `elapsed_ns`; adds them to the counters of its full queues.
  virtual void count_blocked(std::int64_t) {}
  /// Ended, and everything it made was passed on.
  virtual bool done() const = 0;
  /// Records that it has taken wait, because its functions are slow.
  virtual bool unfinished() const { return false; }
  /// Says before each step whether a task with an earlier turn is unfinished. Then tasks whose
  /// output nobody has taken yet take no input: it would only make the queue longer, and with it
  /// the way of a barrier.
  void set_behind(bool behind) { behind_ = behind; }
  /// Call before the start. Once `stop_now` is true, a step ends as soon as it can.
  void obey(const std::atomic<bool>& stop_now) { stop_now_ = &stop_now; }
  /// Sources take no more input.
  virtual void stop() {}
  /// Sinks give up a peer that takes nothing for a while.
  virtual void drain() {}

  /// The engine time at which the task wants `on_time` to be called; `end_of_time` for never.
  virtual std::int64_t due_ns() const { return end_of_time; }
  virtual void on_time(std::int64_t) {}
  /// The executor did not look at this task for the given time, because the process was stopped or
  /// another task took long. The time must not count as silence of a sender.
  virtual void skip_time(std::int64_t) {}

  /// The states of its stages. Only valid on the executor's thread, as long as the task lives.
  virtual std::vector<KeptState> states() { return {}; }

  // Orders of the checkpointer. The task answers through its CheckpointSlot.

  /// A checkpoint has begun.
  virtual void begin_checkpoint(const CheckpointBegin&) = 0;
  /// The checkpoint has failed.
  virtual void abandon_checkpoint(std::uint64_t number) = 0;
  /// The checkpoint is complete, and committed.
  virtual void complete_checkpoint(std::uint64_t) {}
  virtual void prepare_sink(std::uint64_t) {}
  virtual void commit_sink(std::uint64_t) {}
  /// The last checkpoint is committed. The task ends, and the stream goes on in the next run.
  virtual void suspend() = 0;
  /// From now on the task only does what the checkpointer wants.
  virtual bool quiet() const { return done(); }

 protected:
  bool told_to_stop() const {
    return stop_now_ != nullptr && stop_now_->load(std::memory_order_relaxed);
  }
  bool behind() const { return behind_; }

 private:
  const std::atomic<bool>* stop_now_ = nullptr;
  bool behind_ = false;
};

}  // namespace wallaroo::internal
