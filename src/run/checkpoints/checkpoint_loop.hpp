// The thread on which the checkpoints of a run are led and written.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.hpp"

namespace wallaroo::internal {

/// Carries out actions in the order in which they were posted, and keeps one appointment.
class CheckpointLoop {
 public:
  using Action = std::function<void()>;

  struct Hooks {
    std::function<std::int64_t()> due_ns;  ///< when `on_time` is to be called; may change any time
    Action on_time;
    /// An action has thrown: a broken invariant, or no memory. Nothing more is carried out.
    std::function<void(std::string)> failed;
  };

  explicit CheckpointLoop(const Clock& clock) : clock_(clock) {}
  CheckpointLoop(const CheckpointLoop&) = delete;
  CheckpointLoop& operator=(const CheckpointLoop&) = delete;
  ~CheckpointLoop() { end_thread(); }

  /// From any thread.
  void post(Action action);

  void start_thread(Hooks hooks);
  /// Ends the thread. Actions that are left are never carried out. Not from the thread itself.
  void end_thread();
  /// Without a thread: carries out what was posted, and what that posts.
  void run_posted();

 private:
  void run();
  std::optional<Action> next_action();

  // Constant once the thread runs.
  const Clock& clock_;
  Hooks hooks_;
  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Action> actions_;
  bool ending_ = false;
  // Only on the thread that starts and ends it.
  std::thread thread_;
};

}  // namespace wallaroo::internal
