#include "run/executor_threads.hpp"

#include <algorithm>
#include <utility>

#include "base/current_error.hpp"
#include "metrics/describe.hpp"
#include "run/block_signals.hpp"
#include "run/task/task.hpp"

namespace wallaroo::internal {

ExecutorThreads::ExecutorThreads(int executors, const Clock& clock, const Log& log, Hooks hooks)
    : count_(executors), clock_(clock), log_(log), hooks_(std::move(hooks)) {}

ExecutorThreads::~ExecutorThreads() {
  stop_now();
  join();
}

void ExecutorThreads::make_executors() {
  for (int i = 0; i < count_; ++i) {
    executors_.push_back(std::make_unique<Executor>(clock_));
  }
}

void ExecutorThreads::start() {
  std::unique_lock lock(mutex_);
  try {
    for (const auto& executor : executors_) {
      threads_.emplace_back([this, &executor = *executor] { run_executor(executor); });
    }
  } catch (const std::exception&) {
    start_error_ = std::current_exception();
  }
  phase_ = Phase::running;
  if (stop_wanted_) {
    hooks_.stop();
  }
  if (stop_now_wanted_) {
    stop_executors_now();
  }
  changed_.wait(lock, [&] {
    return started_ == count_ || start_error_ || ending_.error || stop_now_wanted_;
  });
  if (start_error_) {
    stop_executors_now();
    lock.unlock();
    join();
    std::rethrow_exception(start_error_);
  }
  if (!ending_.error && !stop_now_wanted_) {
    hooks_.started();
  }
}

void ExecutorThreads::join() {
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

void ExecutorThreads::release_tasks() {
  for (const auto& executor : executors_) {
    executor->release();
  }
}

void ExecutorThreads::run_executor(Executor& executor) {
  block_signals();
  bool finished = false;
  if (start_executor(executor)) {
    try {
      executor.run();
      finished = executor.done();
    } catch (...) {
      fail(current_error());
    }
  }
  executor_ended(finished);
}

bool ExecutorThreads::start_executor(Executor& executor) {
  std::exception_ptr error;
  try {
    executor.start();
  } catch (...) {
    error = std::current_exception();
  }
  {
    const std::lock_guard lock(mutex_);
    if (!error) {
      ++started_;
    } else if (!start_error_) {
      start_error_ = error;
    }
  }
  changed_.notify_all();
  return !error;
}

void ExecutorThreads::executor_ended(bool finished) {
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    last = ++done_ == count_ && !start_error_;
  }
  if (last) {
    tell_ended();
  }
  {
    const std::lock_guard lock(mutex_);
    ++ended_;
    ending_.cut_short = ending_.cut_short || !finished;
  }
  changed_.notify_all();
}

void ExecutorThreads::tell_ended() {
  try {
    hooks_.ended();
  } catch (...) {
    keep_error(current_error());
  }
}

void ExecutorThreads::keep_error(const std::string& error) {
  const std::lock_guard lock(mutex_);
  if (!ending_.error) {
    ending_.error = error;
  }
}

void ExecutorThreads::fail(const std::string& error) {
  log_.error("{}", error);
  keep_error(error);
  changed_.notify_all();
  stop_now();
}

void ExecutorThreads::never_start(const std::string& error) {
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::never_ran;
    ending_.error = error;
  }
  changed_.notify_all();
}

void ExecutorThreads::roll_back(std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    rolled_back_ = std::move(reason);
  }
  stop_now();
}

std::optional<std::string> ExecutorThreads::rolled_back() const {
  const std::lock_guard lock(mutex_);
  return ending_.error ? std::nullopt : rolled_back_;
}

void ExecutorThreads::stop() {
  const std::lock_guard lock(mutex_);
  stop_wanted_ = true;
  if (phase_ == Phase::running) {
    hooks_.stop();
  }
}

void ExecutorThreads::stop_now() {
  const std::lock_guard lock(mutex_);
  stop_now_wanted_ = true;
  if (phase_ == Phase::running) {
    stop_executors_now();
  }
}

void ExecutorThreads::stop_executors_now() {
  for (const auto& executor : executors_) {
    executor->stop_now();
  }
}

void ExecutorThreads::stop_tasks() {
  for (const auto& executor : executors_) {
    executor->stop();
  }
}

void ExecutorThreads::drain_tasks() {
  for (const auto& executor : executors_) {
    executor->tell_tasks([](Task& task) { task.drain(); });
  }
}

void ExecutorThreads::release_from_checkpoints() {
  for (const auto& executor : executors_) {
    executor->release_from_checkpoints();
  }
}

std::optional<ExecutorThreads::Ending> ExecutorThreads::wait(
    std::optional<std::chrono::nanoseconds> timeout) {
  std::unique_lock lock(mutex_);
  const auto ended = [&] {
    return phase_ == Phase::never_ran || (phase_ == Phase::running && ended_ == count_);
  };
  if (timeout) {
    // Long enough, and not so long that the clock overflows.
    constexpr std::chrono::nanoseconds longest = std::chrono::hours(24 * 365);
    if (!changed_.wait_for(lock, std::min(*timeout, longest), ended)) {
      return std::nullopt;
    }
  } else {
    changed_.wait(lock, ended);
  }
  return ending_;
}

bool ExecutorThreads::running() const {
  const std::lock_guard lock(mutex_);
  return !ending_.error && started_ == count_ && ended_ < count_;
}

void ExecutorThreads::start_inline() {
  phase_ = Phase::running;
  for (const auto& executor : executors_) {
    executor->start();
  }
}

void ExecutorThreads::run_inline() {
  bool progressed = true;
  while (progressed) {
    progressed = false;
    for (const auto& executor : executors_) {
      progressed = executor->run_once() || progressed;
    }
  }
}

void ExecutorThreads::register_metrics(Registry& registry, const std::string& worker) const {
  for (std::size_t executor = 0; executor < executors_.size(); ++executor) {
    register_executor(registry, {worker, static_cast<int>(executor)},
                      executors_[executor]->metrics());
  }
}

}  // namespace wallaroo::internal
