// One thread of a run: its event loop, and the tasks it serves in turn.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "io/event_loop.hpp"
#include "metrics/engine_metrics.hpp"
#include "route/mailbox.hpp"
#include "run/task/task.hpp"

namespace wallaroo::internal {

/// Shares nothing with other executors but mailboxes. It serves its tasks downstream first, so that
/// batches in flight leave before more come in. A full queue pauses only the task that feeds it,
/// and the tasks after it go on, so two executors can never wait for each other.
class Executor {
 public:
  explicit Executor(const Clock& clock);

  /// Call before it runs, when checkpoints are taken. It then goes on after all its tasks have
  /// ended, which it reports once, until `release_from_checkpoints`.
  void take_checkpoints(CheckpointPort& port, int index) {
    port_ = &port;
    index_ = index;
  }
  /// Calls the action with each task, on the executor's thread. From any thread.
  void tell_tasks(std::function<void(Task&)> action);
  /// The last checkpoint is committed: ends the tasks that have not ended. From any thread.
  void release_from_checkpoints();

  EventLoop& loop() { return loop_; }
  Doorbell& doorbell() { return doorbell_; }
  ExecutorMetrics& metrics() { return metrics_; }

  /// Call before it runs, downstream tasks first: tasks are served in the order in which they were
  /// added. `metrics` must outlive the executor.
  void add(std::unique_ptr<Task> task, SegmentMetrics& metrics) {
    task->obey(stop_now_);
    tasks_.push_back(std::move(task));
    accounts_.push_back({&metrics});
  }

  /// Destroys the tasks. Call when no thread runs them.
  void release() {
    tasks_.clear();
    accounts_.clear();
  }

  /// Starts the tasks, on the thread that will run them. Throws what they throw.
  void start();
  /// Serves the tasks until all are done, or `stop_now`. Throws what they throw.
  void run();
  /// Serves each task once, without waiting; false when none had anything to do.
  bool run_once();
  bool done() const;

  /// Asks the tasks to take no more input. From any thread.
  void stop();
  /// Makes `run` return when its current turn over the tasks has ended. From any thread.
  void stop_now();

 private:
  /// For counting a task's time.
  struct Account {
    SegmentMetrics* metrics;
    bool blocked = false;  ///< when it was served last
  };

  bool serve(std::int64_t now_ns);
  std::int64_t next_due_ns() const;
  void sleep(std::int64_t since_ns);
  void skip_time(std::int64_t gap_ns);
  bool any_blocked() const;
  void tell_end();

  // Constant once it runs.
  const Clock& clock_;
  CheckpointPort* port_ = nullptr;
  int index_ = 0;
  // Used by several threads; they do their own locking.
  EventLoop loop_;
  Doorbell doorbell_;
  std::atomic<bool> stop_now_{false};
  // Written by the executor's thread, read by any with relaxed loads.
  ExecutorMetrics metrics_;
  // Only on the executor's thread.
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<Account> accounts_;   ///< one for each task, in their order
  std::int64_t turn_began_ns_ = 0;  ///< when `serve` was called last
  std::int64_t served_ns_ = 0;      ///< when the last task that did something was served
  bool told_end_ = false;           ///< it has reported that all tasks have ended
  bool released_ = false;           ///< `release_from_checkpoints` was called
};

using Executors = std::vector<std::unique_ptr<Executor>>;

}  // namespace wallaroo::internal
