#include "run/executor.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/missed_time.hpp"

namespace wallaroo::internal {

Executor::Executor(const Clock& clock)
    : clock_(clock), loop_(clock), doorbell_([this] { loop_.wake(); }) {}

void Executor::start() {
  for (const auto& task : tasks_) {
    task->start();
  }
}

bool Executor::done() const {
  return (port_ == nullptr || released_) &&
         std::all_of(tasks_.begin(), tasks_.end(), [](const auto& task) { return task->done(); });
}

bool Executor::any_blocked() const {
  return std::any_of(tasks_.begin(), tasks_.end(),
                     [](const auto& task) { return task->blocked(); });
}

/// The clock is read after each task that did something. Tasks without work take next to no time,
/// and reading the clock for them would cost more than they do.
bool Executor::serve(std::int64_t now_ns) {
  const std::int64_t elapsed_ns = now_ns - std::exchange(turn_began_ns_, now_ns);
  bool progressed = false;
  bool behind = false;  // a task that was served is unfinished; tasks downstream come first
  served_ns_ = now_ns;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    Task& task = *tasks_[i];
    Account& account = accounts_[i];
    if (account.blocked) [[unlikely]] {
      account.metrics->blocked_ns.add(static_cast<std::uint64_t>(elapsed_ns));
      task.count_blocked(elapsed_ns);
    }
    bool did_something = false;
    if (task.due_ns() <= now_ns) {
      task.on_time(now_ns);
      did_something = true;
    }
    task.set_behind(behind);
    did_something = task.step() || did_something;
    behind = behind || task.unfinished();
    if (did_something) {
      const std::int64_t began_ns = std::exchange(served_ns_, clock_.now_ns());
      account.metrics->busy_ns.add(static_cast<std::uint64_t>(served_ns_ - began_ns));
      progressed = true;
    }
    account.blocked = task.blocked();
  }
  return progressed;
}

std::int64_t Executor::next_due_ns() const {
  std::int64_t due = end_of_time;
  for (const auto& task : tasks_) {
    due = std::min(due, task->due_ns());
  }
  return due;
}

bool Executor::run_once() {
  loop_.poll(std::chrono::nanoseconds(0));
  if (serve(clock_.now_ns())) {
    return true;
  }
  for (const auto& task : tasks_) {
    task->before_sleep();
  }
  return std::any_of(tasks_.begin(), tasks_.end(),
                     [](const auto& task) { return task->has_work(); });
}

void Executor::run() {
  // How often a busy executor looks at its sockets and timers. The system call costs as much as a
  // small batch.
  constexpr std::int64_t between_polls_ns = 50'000;
  std::int64_t turn_started_ns = clock_.now_ns();
  turn_began_ns_ = turn_started_ns;
  std::int64_t polled_ns = 0;
  bool owes_poll = false;
  while (!stop_now_.load(std::memory_order_relaxed)) {
    const bool progressed = serve(turn_started_ns);
    const std::int64_t served_ns = progressed ? served_ns_ : clock_.now_ns();
    metrics_.busy_ns.add(static_cast<std::uint64_t>(served_ns - turn_started_ns));
    if (served_ns - turn_started_ns > longest_look_ns) [[unlikely]] {
      skip_time(served_ns - turn_started_ns);
    }
    turn_started_ns = served_ns;
    owes_poll = owes_poll || progressed;
    if (progressed && served_ns - polled_ns < between_polls_ns) {
      continue;
    }
    if (owes_poll) {
      loop_.poll(std::chrono::nanoseconds(0));
      polled_ns = served_ns;
      owes_poll = false;
    } else if (done()) {
      return;
    } else {
      tell_end();
      const bool blocked = any_blocked();
      sleep(turn_started_ns);
      const std::int64_t woken_ns = clock_.now_ns();
      (blocked ? metrics_.blocked_ns : metrics_.idle_ns)
          .add(static_cast<std::uint64_t>(woken_ns - turn_started_ns));
      turn_started_ns = woken_ns;
    }
  }
}

// Tasks must not count the gap as silence of the producers of their input.
void Executor::skip_time(std::int64_t gap_ns) {
  for (const auto& task : tasks_) {
    task->skip_time(gap_ns);
  }
}

// The last look for work comes after the announcement, because a producer rings only then (see
// Doorbell).
void Executor::sleep(std::int64_t since_ns) {
  for (const auto& task : tasks_) {
    task->before_sleep();
  }
  doorbell_.announce_sleep();
  const bool work =
      stop_now_.load(std::memory_order_relaxed) ||
      std::any_of(tasks_.begin(), tasks_.end(), [](const auto& task) { return task->has_work(); });
  // Bounded, so that the metrics show the time spent asleep while it passes.
  constexpr std::chrono::nanoseconds longest_sleep = std::chrono::seconds(1);
  const std::int64_t due_ns = next_due_ns();
  const std::int64_t asleep_ns = clock_.now_ns();
  const std::chrono::nanoseconds until_due(due_ns == end_of_time
                                               ? longest_sleep.count()
                                               : std::max<std::int64_t>(0, due_ns - asleep_ns));
  const auto planned = work ? std::chrono::nanoseconds(0) : std::min(longest_sleep, until_due);
  loop_.poll(planned);
  doorbell_.awake();
  // Counted from the end of the last turn, because the flush before the sleep may have taken long.
  // If the process was stopped, nobody knows when in this time, so all of it is one gap.
  const std::int64_t away_ns = clock_.now_ns() - since_ns;
  if (away_ns - planned.count() > longest_look_ns) [[unlikely]] {
    skip_time(away_ns);
  }
}

void Executor::tell_end() {
  if (port_ != nullptr && !told_end_ &&
      std::all_of(tasks_.begin(), tasks_.end(), [](const auto& task) { return task->quiet(); })) {
    told_end_ = true;
    port_->executor_ended(index_);
  }
}

void Executor::tell_tasks(std::function<void(Task&)> action) {
  loop_.post([this, action = std::move(action)] {
    for (const auto& task : tasks_) {
      action(*task);
    }
  });
}

void Executor::release_from_checkpoints() {
  loop_.post([this] {
    released_ = true;
    for (const auto& task : tasks_) {
      task->suspend();
    }
  });
}

void Executor::stop() {
  loop_.post([this] {
    for (const auto& task : tasks_) {
      task->stop();
    }
  });
}

void Executor::stop_now() {
  stop_now_.store(true, std::memory_order_relaxed);
  loop_.wake();
}

}  // namespace wallaroo::internal
