#include "run/checkpoints/checkpoint_loop.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/current_error.hpp"
#include "run/block_signals.hpp"

namespace wallaroo::internal {

void CheckpointLoop::post(Action action) {
  {
    const std::lock_guard lock(mutex_);
    actions_.push_back(std::move(action));
  }
  changed_.notify_one();
}

void CheckpointLoop::start_thread(Hooks hooks) {
  hooks_ = std::move(hooks);
  thread_ = std::thread([this] { run(); });
}

void CheckpointLoop::end_thread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void CheckpointLoop::run_posted() {
  while (!actions_.empty()) {
    const Action action = std::move(actions_.front());
    actions_.pop_front();
    action();
  }
}

void CheckpointLoop::run() {
  block_signals();
  try {
    while (const auto action = next_action()) {
      (*action)();
    }
  } catch (...) {
    hooks_.failed(current_error());
  }
}

std::optional<CheckpointLoop::Action> CheckpointLoop::next_action() {
  std::unique_lock lock(mutex_);
  while (actions_.empty() && !ending_) {
    const std::int64_t now_ns = clock_.now_ns();
    const std::int64_t due_ns = hooks_.due_ns();
    if (due_ns <= now_ns) {
      return hooks_.on_time;
    }
    constexpr std::int64_t longest_ns = 1'000'000'000;
    changed_.wait_for(lock, std::chrono::nanoseconds(std::min(longest_ns, due_ns - now_ns)));
  }
  if (ending_) {
    return std::nullopt;
  }
  Action action = std::move(actions_.front());
  actions_.pop_front();
  return action;
}

}  // namespace wallaroo::internal
