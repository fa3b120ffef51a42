#include "run/checkpoints/checkpointer.hpp"

#include <algorithm>
#include <chrono>

#include <wallaroo/types/error.hpp>

#include "base/current_error.hpp"
#include "base/failpoint.hpp"
#include "run/block_signals.hpp"
#include "run/task/task.hpp"

namespace wallaroo::internal {

namespace {

/// How many bytes of blocks may wait to be written. When there are more, states wait in their
/// tables.
constexpr std::size_t max_queued_bytes = 16 * 1024 * 1024;

}  // namespace

Checkpointer::Checkpointer(CheckpointSettings settings, const Clock& clock, const Log& log,
                           CheckpointMetrics& metrics)
    : settings_(settings), clock_(clock), log_(log), metrics_(metrics) {}

Checkpointer::~Checkpointer() { end_thread(); }

void Checkpointer::prepare(CheckpointPlan plan, CheckpointerCallbacks callbacks) {
  plan_ = std::move(plan);
  callbacks_ = std::move(callbacks);
}

void Checkpointer::open(CheckpointStore& store, std::optional<Manifest> previous,
                        FailedCheckpoints failures) {
  store_ = &store;
  const bool restored = previous.has_value();
  // Other key groups cannot be referred to, so the first checkpoint saves all.
  const bool same_groups = restored && previous->key_groups == key_group_count;
  previous_ = same_groups ? std::move(previous) : std::nullopt;
  previous_is_ours_ = false;
  failures_ = failures.in_row;
  last_failures_ = failures.last;
  CoordinatorConfig config;
  config.tasks = plan_.tasks;
  config.sinks = plan_.sinks.size();
  config.interval_ns = settings_.interval_ns;
  config.timeout_ns = settings_.timeout_ns;
  config.max_failures = settings_.max_failures;
  config.first_number = store.next_number();
  config.failures = failures.in_row;
  config.last_failures = failures.last;
  config.task_names = plan_.task_names;
  config.sink_names = plan_.sink_names;
  config.now_ns = clock_.now_ns();
  config.restored = restored;
  coordinator_.emplace(config);
}

void Checkpointer::start_thread() {
  thread_ = std::thread([this] { run(); });
}

void Checkpointer::end_thread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Checkpointer::run() {
  block_signals();
  try {
    serve();
  } catch (...) {
    // A broken invariant, or no memory. An executor's failure takes the same way.
    callbacks_.failed(current_error());
  }
}

void Checkpointer::serve() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    auto event = next_event(lock);
    if (!event) {
      break;
    }
    lock.unlock();
    carry_out((*event)());
    lock.lock();
  }
}

std::optional<Checkpointer::Event> Checkpointer::next_event(std::unique_lock<std::mutex>& lock) {
  while (events_.empty() && !ending_) {
    const std::int64_t now_ns = clock_.now_ns();
    const std::int64_t due_ns = coordinator_->over() ? end_of_time : coordinator_->next_wakeup_ns();
    if (due_ns <= now_ns) {
      return [this, now_ns] { return coordinator_->on_time(now_ns); };
    }
    constexpr std::int64_t longest_ns = 1'000'000'000;
    changed_.wait_for(lock, std::chrono::nanoseconds(std::min(longest_ns, due_ns - now_ns)));
  }
  if (ending_) {
    return std::nullopt;
  }
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void Checkpointer::post(Event event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  changed_.notify_one();
}

void Checkpointer::stop() {
  post([this] { return coordinator_->on_stop(clock_.now_ns()); });
}

void Checkpointer::begin_now() { carry_out(coordinator_->on_time(coordinator_->next_wakeup_ns())); }

bool Checkpointer::pump() {
  while (!events_.empty()) {
    const Event event = std::move(events_.front());
    events_.pop_front();
    carry_out(event());
  }
  return coordinator_->phase() != Coordinator::Phase::idle && !coordinator_->over();
}

// The port, from any thread.

bool Checkpointer::has_room() {
  if (queued_bytes_.load(std::memory_order_relaxed) < max_queued_bytes) {
    return true;
  }
  somebody_waits_.store(true);
  // Looks again, because the checkpointer may have made room before it could see that somebody
  // waits.
  return queued_bytes_.load() < max_queued_bytes;
}

void Checkpointer::met_barrier(std::uint64_t number) {
  if (observer_ != nullptr) {
    observer_->met_barrier(number);
  }
}

void Checkpointer::save_block(std::uint64_t number, StateBlock block) {
  const std::size_t bytes = block.bytes.size();
  queued_bytes_ += bytes;
  post([this, number, bytes, block = std::move(block)]() mutable {
    Decisions decisions = write(number, block);
    queued_bytes_ -= bytes;
    wake_waiting();
    return decisions;
  });
}

void Checkpointer::save_instance(std::uint64_t number, ManifestInstance instance) {
  post([this, number, instance = std::move(instance)] {
    if (drafting(number)) {
      draft_.manifest.instances.push_back(instance);
    }
    return Decisions{};
  });
}

void Checkpointer::save_positions(std::uint64_t number, std::size_t source,
                                  std::vector<SourcePosition> positions, bool ended) {
  post([this, number, source, ended, positions = std::move(positions)] {
    if (drafting(number)) {
      ManifestSource& saved = draft_.manifest.sources[source];
      saved.ended = saved.ended && ended;
      for (const SourcePosition& position : positions) {
        saved.positions.push_back({position.partition, position.bytes});
      }
    }
    return Decisions{};
  });
}

void Checkpointer::task_saved(std::uint64_t number, std::size_t task) {
  post([this, number, task] {
    Decisions decisions = coordinator_->on_task_saved(task, number);
    if (mutation("commit_before_complete") && !decisions.empty()) {
      tell_sinks([number](Task& sink) {
        sink.prepare_sink(number);
        sink.commit_sink(number);
      });
    }
    return decisions;
  });
}

void Checkpointer::sink_prepared(std::uint64_t number, std::size_t sink, std::string vote) {
  post([this, number, sink, vote = std::move(vote)] {
    return coordinator_->on_prepared(sink, number, vote);
  });
}

void Checkpointer::sink_committed(std::uint64_t number, std::size_t sink) {
  post([this, number, sink] { return coordinator_->on_committed(sink, number); });
}

void Checkpointer::roll_back(std::string reason) {
  post([this, reason = std::move(reason)] { return coordinator_->on_roll_back(reason); });
}

void Checkpointer::executor_ended(int) {
  post([this] {
    return ++ended_executors_ == plan_.executors.size()
               ? coordinator_->on_all_ended(clock_.now_ns())
               : Decisions{};
  });
}

void Checkpointer::wake_waiting() {
  if (queued_bytes_.load() < max_queued_bytes / 2 && somebody_waits_.exchange(false)) {
    for (Executor* const executor : plan_.executors) {
      executor->loop().wake();
    }
  }
}

}  // namespace wallaroo::internal
