// The executors of a run and the threads that serve them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "metrics/registry.hpp"
#include "run/executor.hpp"

namespace wallaroo::internal {

/// Starts, stops and awaits the executors, and keeps how they ended. They are served either by a
/// thread each, or by the caller (the functions with `inline` in their names).
class ExecutorThreads {
 public:
  /// What the run does at the turns of its threads' life.
  struct Hooks {
    /// `stop` was called, and the threads run. Called with the mutex held, so it may use nothing of
    /// ExecutorThreads but `stop_tasks` and `drain_tasks`.
    std::function<void()> stop;
    /// All executors have started their tasks, and nothing has failed or stopped them. Called by
    /// `start` with the mutex held.
    std::function<void()> started;
    /// All executors are done, and `wait` has not returned. Called on the last executor's thread.
    /// An exception becomes the error of the ending.
    std::function<void()> ended;
  };

  struct Ending {
    std::optional<std::string> error;
    bool cut_short = false;  ///< an executor ended with work left
  };

  /// `clock` and `log` must outlive it.
  ExecutorThreads(int executors, const Clock& clock, const Log& log, Hooks hooks);
  /// Stops the threads at once, and waits for them.
  ~ExecutorThreads();

  /// Call once, before tasks are added. Throws IoError.
  void make_executors();
  const Executors& executors() const { return executors_; }

  // On the thread that begins and closes the run.

  /// Starts the threads, and returns when all executors have started their tasks, or one failed, or
  /// `stop_now` was called. When a task cannot start: ends all threads and throws what it threw.
  void start();
  /// Waits for the threads to end.
  void join();
  /// Destroys the tasks. Call when no thread runs.
  void release_tasks();

  // From any thread, at any time. Before the threads run, stops are remembered.

  /// Calls the hook `stop`.
  void stop();
  /// Ends the executors as soon as each has finished its current batch.
  void stop_now();
  /// Keeps the first error, and ends the executors at once.
  void fail(const std::string& error);
  /// Ends the executors at once: the application must go back to the last complete checkpoint.
  void roll_back(std::string reason);
  /// The threads will never run, because of `error`. Whoever waits is told.
  void never_start(const std::string& error);

  /// Waits until all executors have ended, at most `timeout` when given; nothing after that time.
  std::optional<Ending> wait(std::optional<std::chrono::nanoseconds> timeout);
  /// All executors run, and nothing has failed.
  bool running() const;
  /// The reason given to `roll_back`. No value when the run ended otherwise, or failed as well.
  std::optional<std::string> rolled_back() const;

  // From any thread, after the executors were made.

  /// Asks the tasks to take no more input.
  void stop_tasks();
  /// Makes sinks give up peers that take nothing.
  void drain_tasks();
  /// The last checkpoint is committed: the executors end.
  void release_from_checkpoints();

  // Without threads.

  void start_inline();
  /// Serves the executors until there is nothing to do at this time.
  void run_inline();

  void register_metrics(Registry& registry, const std::string& worker) const;

 private:
  enum class Phase { before, running, never_ran };

  void run_executor(Executor& executor);
  bool start_executor(Executor& executor);
  void executor_ended(bool finished);
  void tell_ended();
  void stop_executors_now();
  void keep_error(const std::string& error);

  // Constant after construction.
  const int count_;  ///< of executors
  const Clock& clock_;
  const Log& log_;
  const Hooks hooks_;
  // Constant after `make_executors`. An executor belongs to its thread.
  Executors executors_;
  // Only on the thread that begins and closes the run.
  std::vector<std::thread> threads_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Phase phase_ = Phase::before;
  bool stop_wanted_ = false;
  bool stop_now_wanted_ = false;
  int started_ = 0;
  int done_ = 0;                    ///< executors that have nothing more to do
  int ended_ = 0;                   ///< those that `wait` no longer waits for
  std::exception_ptr start_error_;  ///< of the first task that could not start
  Ending ending_;                   ///< as far as it is known
  std::optional<std::string> rolled_back_;
};

}  // namespace wallaroo::internal
