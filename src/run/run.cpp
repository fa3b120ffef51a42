#include "run/run.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "base/current_error.hpp"
#include "run/block_signals.hpp"
#include "run/run_parts.hpp"
#include "run/task/task.hpp"

namespace wallaroo::internal {
namespace {

/// From engine time to the application's clock: the wall clock as it is at the start, or the clock
/// of the restored checkpoint if that is ahead of it. So ingest times never go back.
std::int64_t clock_offset(const Clock& clock, const std::optional<Manifest>& restored,
                          const Log& log) {
  constexpr std::int64_t worth_a_word_ns = 1'000'000'000;
  const std::int64_t wall_ns = clock.wall_ns();
  if (!restored) {
    return wall_ns - clock.now_ns();
  }
  const std::int64_t saved_ns = restored->clock_ns != 0
                                    ? restored->clock_ns
                                    : restored->started_wall_ns + restored->duration_ns;
  if (saved_ns - wall_ns > worth_a_word_ns) {
    log.warning(
        "the wall clock is {:.1f} s behind that of checkpoint {}: ingest times and timers go on "
        "from where they were, ahead of it",
        static_cast<double>(saved_ns - wall_ns) * 1e-9, restored->number);
  }
  return std::max(wall_ns, saved_ns) - clock.now_ns();
}

}  // namespace

Run::Run(std::shared_ptr<const Plan> plan, RunOptions options, const Clock& clock, const Log& log)
    : plan_(std::move(plan)),
      options_(std::move(options)),
      clock_(clock),
      log_(log),
      wall_offset_ns_(clock_offset(clock, options_.restored, log)) {}

Run::~Run() {
  stop_now();
  join_threads();
  if (checkpointer_ != nullptr) {
    checkpointer_->end_thread();
  }
}

void Run::join_threads() {
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

// Nothing is opened, which may empty a file, before it is known that the checkpoint fits.
void Run::open() {
  make_ends();
  for (int i = 0; i < plan_->executors(); ++i) {
    executors_.push_back(std::make_unique<Executor>(clock_));
  }
  build_mailboxes();
  build_segments();
  if (takes_checkpoints()) {
    if (options_.checkpoint_metrics == nullptr) {
      options_.checkpoint_metrics = std::make_shared<CheckpointMetrics>();
    }
    checkpointer_ = std::make_unique<Checkpointer>(options_.checkpoints, clock_, log_,
                                                   *options_.checkpoint_metrics);
    number_kept_stages();
    if (options_.store != nullptr) {
      check_storable();
    }
    find_restored();
  }
  open_sources();
  check_files();
  recover_sinks();
  // Before sinks take back what belongs to newer ones.
  if (options_.discard_newer && options_.restored) {
    options_.store->discard_above(options_.restored->number);
  }
  open_sinks();
  build_tasks();
  if (takes_checkpoints()) {
    start_checkpoints();
  }
}

void Run::start_threads() {
  watch_pressure();
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
    stop_running();
  }
  if (stop_now_wanted_) {
    stop_executors_now();
  }
  changed_.wait(lock, [&] {
    return started_ == plan_->executors() || start_error_ || failed_ || stop_now_wanted_;
  });
  if (start_error_) {
    stop_executors_now();
    lock.unlock();
    join_threads();
    std::rethrow_exception(start_error_);
  }
  // Not while state is restored, for which no time is set.
  if (options_.store != nullptr && !failed_ && !stop_now_wanted_) {
    checkpointer_->open(*options_.store, options_.restored, options_.failures);
    checkpointer_->start_thread();
  }
}

void Run::close() {
  join_threads();
  if (checkpointer_ != nullptr) {
    checkpointer_->end_thread();
  }
  // Tasks first: they use sources and sinks.
  for (const auto& executor : executors_) {
    executor->release();
  }
  const std::lock_guard lock(ends_mutex_);
  for (const auto& [id, source] : sources_) {
    source->source.reset();
  }
  for (const auto& [id, sink] : sinks_) {
    sink->sink.reset();
  }
}

void Run::start_failed(const std::string& error) {
  close();
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::never_ran;
    failed_ = true;
    error_ = error;
  }
  changed_.notify_all();
}

void Run::run_executor(Executor& executor) {
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

bool Run::start_executor(Executor& executor) {
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

void Run::fail(const std::string& error) {
  log_.error("{}", error);
  {
    const std::lock_guard lock(mutex_);
    if (!failed_) {
      failed_ = true;
      error_ = error;
    }
  }
  changed_.notify_all();
  stop_now();
}

void Run::tell_end() {
  try {
    options_.on_end(*this);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!failed_) {
      failed_ = true;
      error_ = current_error();
    }
  }
}

void Run::executor_ended(bool finished) {
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    last = ++ending_ == plan_->executors() && !start_error_;
  }
  if (last && options_.on_end) {
    tell_end();
  }
  {
    const std::lock_guard lock(mutex_);
    ++ended_;
    cut_short_ = cut_short_ || !finished;
  }
  changed_.notify_all();
}

void Run::stop() {
  const std::lock_guard lock(mutex_);
  stop_wanted_ = true;
  if (phase_ == Phase::running) {
    stop_running();
  }
}

// With checkpoints the stream does not end: it goes on with the next start.
void Run::stop_running() {
  if (options_.store != nullptr) {
    checkpointer_->stop();
    // A checkpoint that is on its way may wait for a sink's peer.
    for (const auto& executor : executors_) {
      executor->tell_tasks([](Task& task) { task.drain(); });
    }
  } else {
    stop_executors();
  }
}

void Run::stop_now() {
  const std::lock_guard lock(mutex_);
  stop_now_wanted_ = true;
  if (phase_ == Phase::running) {
    stop_executors_now();
  }
}

void Run::stop_executors() {
  for (const auto& executor : executors_) {
    executor->stop();
  }
}

void Run::stop_executors_now() {
  for (const auto& executor : executors_) {
    executor->stop_now();
  }
}

std::optional<Outcome> Run::wait(std::optional<std::chrono::nanoseconds> timeout) {
  std::unique_lock lock(mutex_);
  const auto ended = [&] {
    return phase_ == Phase::never_ran || (phase_ == Phase::running && ended_ == plan_->executors());
  };
  if (timeout) {
    // Far enough, and not so far that the clock overflows.
    constexpr std::chrono::nanoseconds longest = std::chrono::hours(24 * 365);
    if (!changed_.wait_for(lock, std::min(*timeout, longest), ended)) {
      return std::nullopt;
    }
  } else {
    changed_.wait(lock, ended);
  }
  return outcome();
}

Outcome Run::outcome() const {
  if (failed_) {
    return {false, error_};
  }
  if (cut_short_ && options_.store != nullptr) {
    return {false,
            "stopped at once, without a last checkpoint; the next start goes on from the last "
            "complete one"};
  }
  if (cut_short_) {
    return {false,
            "stopped before everything was drained: records that were on their way are lost"};
  }
  std::uint64_t lost = 0;
  std::string where;
  for (const auto& [id, sink] : sinks_) {
    if (const std::uint64_t records = sink->metrics.records_lost.value(); records != 0) {
      lost += records;
      where += fmt::format("{}'{}'", where.empty() ? "" : ", ", sink->name);
    }
  }
  if (lost != 0) {
    return {false, fmt::format("{} records were not delivered by sink {}: its peer took "
                               "nothing while the application was stopping",
                               lost, where)};
  }
  return {};
}

bool Run::running() const {
  const std::lock_guard lock(mutex_);
  return !failed_ && started_ == plan_->executors() && ended_ < plan_->executors();
}

void Run::start_inline() {
  phase_ = Phase::running;
  for (const auto& executor : executors_) {
    executor->start();
  }
}

void Run::run_inline() {
  bool progressed = true;
  while (progressed) {
    progressed = false;
    for (const auto& executor : executors_) {
      progressed = executor->run_once() || progressed;
    }
  }
}

bool Run::done() const {
  return std::all_of(executors_.begin(), executors_.end(),
                     [](const auto& executor) { return executor->done(); });
}

}  // namespace wallaroo::internal
