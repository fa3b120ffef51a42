#include "worker/checkpointer.hpp"

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <variant>

#include <wallaroo/error.hpp>

#include "base/failpoint.hpp"
#include "worker/block_signals.hpp"
#include "worker/task.hpp"

namespace wallaroo::internal {

namespace {

/// Blocks that wait to be written; beyond that the states wait in their tables.
constexpr std::size_t max_queued_bytes = 16 * 1024 * 1024;

/// Below this share of what is still referred to, what is in a data file is saved again.
constexpr double sparse_fraction = 0.5;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

Checkpointer::Checkpointer(CheckpointSettings settings, const Clock& clock, const Log& log)
    : settings_(settings), clock_(clock), log_(log) {}

Checkpointer::~Checkpointer() { end_thread(); }

void Checkpointer::prepare(CheckpointPlan plan, CheckpointEnds ends) {
  plan_ = std::move(plan);
  ends_ = std::move(ends);
}

void Checkpointer::open(CheckpointStore& store, std::optional<Manifest> previous,
                        std::uint64_t failures) {
  store_ = &store;
  previous_ = std::move(previous);
  previous_is_ours_ = false;
  failures_ = failures;
  CoordinatorConfig config;
  config.tasks = plan_.tasks;
  config.sinks = plan_.sinks.size();
  config.interval_ns = settings_.interval_ns;
  config.timeout_ns = settings_.timeout_ns;
  config.max_failures = settings_.max_failures;
  config.first_number = store.next_number();
  config.failures = failures;
  config.now_ns = clock_.now_ns();
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

// What tasks say.

bool Checkpointer::has_room() {
  if (queued_bytes_.load(std::memory_order_relaxed) < max_queued_bytes) {
    return true;
  }
  somebody_waits_.store(true);
  // It may have got room before it saw that somebody waits.
  return queued_bytes_.load() < max_queued_bytes;
}

void Checkpointer::save_block(std::uint64_t number, StateBlock block) {
  const std::size_t bytes = block.bytes.size();
  queued_bytes_ += bytes;
  post([this, number, bytes, block = std::move(block)] {
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

// What the coordinator wants.

void Checkpointer::carry_out(Decisions decisions) {
  std::deque<Decision> open(decisions.begin(), decisions.end());
  while (!open.empty()) {
    const Decision decision = std::move(open.front());
    open.pop_front();
    for (Decision& next : carry_out(decision)) {
      open.push_back(std::move(next));
    }
  }
  failures_ = coordinator_->failures_in_row();
}

Decisions Checkpointer::carry_out(const Decision& decision) {
  return std::visit(Overloaded{
                        [&](const decide::Begin& d) { return begin(d); },
                        [&](const decide::MakeDurable& d) { return make_durable(d.n); },
                        [&](const decide::Prepare& d) {
                          tell_sinks([n = d.n](Task& task) { task.prepare_sink(n); });
                          return Decisions{};
                        },
                        [&](const decide::Publish& d) { return publish(d); },
                        [&](const decide::Commit& d) {
                          tell_sinks([n = d.n](Task& task) { task.commit_sink(n); });
                          return Decisions{};
                        },
                        [&](const decide::Acknowledge& d) {
                          acknowledge(d.n);
                          return Decisions{};
                        },
                        [&](const decide::Abandon& d) {
                          abandon(d);
                          return Decisions{};
                        },
                        [&](const decide::RollBack& d) {
                          metrics_.failed.add();
                          ends_.roll_back(d.reason);
                          return Decisions{};
                        },
                        [&](const decide::Fail& d) {
                          ends_.failed(d.reason);
                          return Decisions{};
                        },
                        [&](const decide::Finished&) {
                          ends_.finished();
                          return Decisions{};
                        },
                    },
                    decision);
}

Decisions Checkpointer::begin(const decide::Begin& begin) {
  draft_ = {};
  draft_.started_ns = clock_.now_ns();
  Manifest& manifest = draft_.manifest;
  manifest.number = begin.n;
  manifest.application = plan_.application;
  manifest.engine_version = plan_.engine_version;
  manifest.started_wall_ns = clock_.wall_ns();
  manifest.executors = static_cast<std::uint32_t>(plan_.executors.size());
  manifest.key_groups = key_group_count;
  manifest.stages = plan_.stages;
  for (const std::string& source : plan_.sources) {
    manifest.sources.push_back({source, {}, true});
  }
  CheckpointBegin wanted{begin.n, begin.last, {}};
  try {
    draft_.writer = std::make_unique<CheckpointWriter>(store_->begin(begin.n));
    if (previous_is_ours_) {
      wanted.rewrite = std::make_shared<const std::vector<StatePlace>>(
          store_->sparse(*previous_, sparse_fraction));
    }
  } catch (const Error& error) {
    return coordinator_->on_write_failed(begin.n, error.what());
  }
  log_.debug("checkpoint {}: begins", begin.n);
  tell_tasks([wanted](Task& task) { task.begin_checkpoint(wanted); });
  return {};
}

Decisions Checkpointer::write(std::uint64_t number, const StateBlock& block) {
  if (!drafting(number)) {
    return {};
  }
  for (const ManifestSection& section : block.sections) {
    draft_.saved[{section.stage, section.part}].set(section.group);
  }
  try {
    draft_.writer->append(block);
  } catch (const Error& error) {
    return coordinator_->on_write_failed(number, error.what());
  }
  return {};
}

void Checkpointer::carry_over_unchanged() {
  if (!previous_) {
    return;
  }
  std::map<std::pair<std::string_view, std::string_view>, KeyGroups> saved;
  for (const auto& [place, groups] : draft_.saved) {
    const ManifestStage& stage = plan_.stages[place.first];
    saved[{stage.name, stage.parts[place.second].name}] = groups;
  }
  draft_.writer->carry_over(
      *previous_, [&](std::string_view stage, std::string_view part, std::uint16_t group) {
        const auto found = saved.find({stage, part});
        return found == saved.end() || !found->second[group];
      });
}

Decisions Checkpointer::make_durable(std::uint64_t number) {
  try {
    carry_over_unchanged();
    draft_.writer->durable();
  } catch (const Error& error) {
    return coordinator_->on_write_failed(number, error.what());
  }
  return coordinator_->on_durable(number, clock_.now_ns());
}

Decisions Checkpointer::publish(const decide::Publish& publish) {
  Manifest& manifest = draft_.manifest;
  for (std::size_t sink = 0; sink < plan_.sinks.size(); ++sink) {
    manifest.sinks.push_back({plan_.sinks[sink], publish.votes[sink]});
  }
  manifest.duration_ns = clock_.now_ns() - draft_.started_ns;
  try {
    previous_ = draft_.writer->publish(std::move(manifest));
    previous_is_ours_ = true;
    metrics_.bytes.add(draft_.writer->written_bytes());
  } catch (const Error& error) {
    return coordinator_->on_publish_failed(publish.n, error.what());
  }
  return coordinator_->on_published(publish.n);
}

void Checkpointer::acknowledge(std::uint64_t number) {
  const std::int64_t took_ns = clock_.now_ns() - draft_.started_ns;
  draft_.writer.reset();
  metrics_.completed.add();
  metrics_.last_number.set(static_cast<std::int64_t>(number));
  metrics_.last_wall_ns.set(clock_.wall_ns());
  metrics_.last_duration_ns.set(took_ns);
  metrics_.durations.record(took_ns, 1);
  log_.debug("checkpoint {}: complete after {} ms", number, took_ns / 1'000'000);
  tell_tasks([number](Task& task) { task.complete_checkpoint(number); });
  try {
    store_->prune(settings_.retain);
  } catch (const Error& error) {
    log_.warning("old checkpoints were not removed: {}", error.what());
  }
}

void Checkpointer::abandon(const decide::Abandon& abandon) {
  metrics_.failed.add();
  log_.warning("checkpoint {} failed: {}", abandon.n, abandon.reason);
  if (draft_.writer) {
    draft_.writer->abandon();
    draft_.writer.reset();
  }
  tell_tasks([n = abandon.n](Task& task) { task.abandon_checkpoint(n); });
}

void Checkpointer::tell_tasks(std::function<void(Task&)> action) {
  for (Executor* const executor : plan_.executors) {
    executor->tell_tasks(action);
  }
}

// Tasks that are not sinks do not mind.
void Checkpointer::tell_sinks(std::function<void(Task&)> action) {
  std::vector<int> executors = plan_.sink_executors;
  std::sort(executors.begin(), executors.end());
  executors.erase(std::unique(executors.begin(), executors.end()), executors.end());
  for (const int executor : executors) {
    plan_.executors[static_cast<std::size_t>(executor)]->tell_tasks(action);
  }
}

}  // namespace wallaroo::internal
