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

/// Shares nothing with other executors but mailboxes. It serves its tasks downstream first, so
/// what is in flight leaves before more comes in; and since a full queue pauses only the task that
/// feeds it, while the tasks after it go on, two executors can never wait for each other.
class Executor {
 public:
  explicit Executor(const Clock& clock);

  /// Before it runs: checkpoints are taken. It then goes on after all its tasks have ended, and
  /// says so once, until `release_from_checkpoints`.
  void take_checkpoints(CheckpointPort& port, int index) {
    port_ = &port;
    index_ = index;
  }
  /// From any thread: calls the action with each task, on the executor's thread.
  void tell_tasks(std::function<void(Task&)> action);
  /// From any thread: the last checkpoint is committed. Ends the tasks that have not ended.
  void release_from_checkpoints();

  EventLoop& loop() { return loop_; }
  Doorbell& doorbell() { return doorbell_; }
  ExecutorMetrics& metrics() { return metrics_; }

  /// Before it runs. Tasks are served in the order added: downstream first. `metrics` must outlive
  /// the executor.
  void add(std::unique_ptr<Task> task, SegmentMetrics& metrics) {
    task->obey(stop_now_);
    tasks_.push_back(std::move(task));
    accounts_.push_back({&metrics});
  }

  /// Ends the tasks, when no thread runs them.
  void release() {
    tasks_.clear();
    accounts_.clear();
  }

  /// Starts the tasks, on the thread that will run them. Throws what they throw.
  void start();
  /// Serves the tasks until all are done, or `stop_now`. Throws what they throw.
  void run();
  /// One turn over all tasks, without waiting; false when none had anything to do.
  bool run_once();
  bool done() const;

  /// From any thread: asks the tasks to stop taking input.
  void stop();
  /// From any thread: `run` returns as soon as it can.
  void stop_now();

 private:
  /// Where a task's time goes.
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

  const Clock& clock_;
  EventLoop loop_;
  Doorbell doorbell_;
  ExecutorMetrics metrics_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<Account> accounts_;   ///< of the tasks, in their order
  std::int64_t turn_began_ns_ = 0;  ///< when `serve` was called last
  std::int64_t served_ns_ = 0;      ///< when the last task that did something was served
  std::atomic<bool> stop_now_{false};
  CheckpointPort* port_ = nullptr;
  int index_ = 0;
  bool told_end_ = false;  ///< that all tasks have ended
  bool released_ = false;
};

using Executors = std::vector<std::unique_ptr<Executor>>;

}  // namespace wallaroo::internal
