#include "worker/worker.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <pthread.h>

#include <csignal>

#include <fmt/format.h>

#include "base/current_error.hpp"
#include "worker/worker_parts.hpp"

namespace wallaroo::internal {

namespace {

// Signals are the main thread's; a dead reader of a pipe is an error of a write, not a signal.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

// Often enough that windows of ingest time fire in time, and seldom enough to cost nothing.
constexpr std::int64_t source_tick_ns = 50'000'000;

}  // namespace

Worker::Worker(std::shared_ptr<const Plan> plan, WorkerOptions options, const Clock& clock,
               const Log& log)
    : plan_(std::move(plan)),
      options_(std::move(options)),
      clock_(clock),
      log_(log),
      wall_offset_ns_(clock.wall_ns() - clock.now_ns()) {}

Worker::~Worker() {
  stop_now();
  join_threads();
}

void Worker::join_threads() {
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

void Worker::open() {
  open_ends();
  for (int i = 0; i < plan_->executors(); ++i) {
    executors_.push_back(std::make_unique<Executor>(clock_));
  }
  build_mailboxes();
  build_tasks();
}

void Worker::build_mailboxes() {
  const int executors = plan_->executors();
  for (const Edge& edge : plan_->edges()) {
    auto instance = std::make_unique<EdgeInstance>();
    instance->from_to.resize(static_cast<std::size_t>(executors));
    for (int from = 0; from < executors; ++from) {
      auto& row = instance->from_to[static_cast<std::size_t>(from)];
      row.resize(static_cast<std::size_t>(executors));
      for (int to = 0; to < executors; ++to) {
        const bool wanted = plan_->runs_on(edge.from, from) && plan_->runs_on(edge.to, to) &&
                            (edge.kind != EdgeKind::forward || from == to);
        if (!wanted) {
          continue;
        }
        auto queue = std::make_unique<EdgeInstance::Queue>();
        Doorbell* const producer = &executors_[static_cast<std::size_t>(from)]->doorbell();
        Doorbell* const consumer = &executors_[static_cast<std::size_t>(to)]->doorbell();
        queue->mailbox = from == to ? std::make_unique<Mailbox>(nullptr, nullptr)
                                    : std::make_unique<Mailbox>(producer, consumer);
        queue->metrics.capacity.set(Mailbox::capacity);
        row[static_cast<std::size_t>(to)] = std::move(queue);
      }
    }
    edges_.push_back(std::move(instance));
  }
}

void Worker::build_tasks() {
  std::vector<NodeId> order(plan_->nodes().size());
  for (std::size_t id = 0; id < order.size(); ++id) {
    order[id] = static_cast<NodeId>(id);
  }
  std::stable_sort(order.begin(), order.end(), [&](NodeId a, NodeId b) {
    return plan_->placement(a).rank > plan_->placement(b).rank;
  });
  for (const NodeId node : order) {
    for (int executor = 0; executor < plan_->executors(); ++executor) {
      if (plan_->runs_on(node, executor)) {
        build_task(node, executor);
      }
    }
  }
}

void Worker::build_task(NodeId id, int index) {
  const Node& node = plan_->nodes()[static_cast<std::size_t>(id)];
  Executor& executor = *executors_[static_cast<std::size_t>(index)];
  if (node.sink) {
    SinkInstance& sink = *sinks_.at(id);
    executor.add(std::make_unique<WriterTask>(
        inbox(node, index),
        sink.sink->writer(WriterContext{executor.loop(), clock_, log_, sink.metrics})));
    return;
  }
  std::vector<std::unique_ptr<Outlet>> outlets;
  const SegmentContext context = segment_context(id, index, outlets);
  SegmentOutput output(std::move(outlets), node.segment(context));
  if (!node.source) {
    executor.add(std::make_unique<SegmentTask>(inbox(node, index), std::move(output)));
    return;
  }
  SourceInstance& source = *sources_.at(id);
  source.refusals.push_back(std::make_unique<SourceRefusals>(
      *context.stages.at(node.stages.front()), log_, context.dead_letters));
  auto task = std::make_unique<SourceTask>(
      source.name, std::move(output),
      SourceTask::Time{wall_offset_ns_, plan_->uses_time() ? source_tick_ns : 0});
  task->set_connector(
      source.source->connector(index, plan_->executors(),
                               ConnectorContext{executor.loop(), clock_, log_,
                                                *source.metrics[static_cast<std::size_t>(index)],
                                                task->receiver(), *source.refusals.back()}));
  executor.add(std::move(task));
}

SegmentContext Worker::segment_context(NodeId id, int executor,
                                       std::vector<std::unique_ptr<Outlet>>& outlets) {
  const Node& node = plan_->nodes()[static_cast<std::size_t>(id)];
  SegmentContext context{clock_, log_, wall_offset_ns_, {}, nullptr, {}};
  for (const EdgeId edge : node.outputs) {
    outlets.push_back(outlet(edge, executor));
    context.outlets.push_back(outlets.back().get());
  }
  if (const EdgeId edge = plan_->dead_letter_edge(id); edge >= 0) {
    outlets.push_back(outlet(edge, executor));
    context.dead_letters = outlets.back().get();
  }
  for (const StageId stage : node.stages) {
    auto instance = std::make_unique<StageInstance>();
    instance->stage = stage;
    instance->node = id;
    instance->executor = executor;
    instance->runtime.info = &plan_->stages()[static_cast<std::size_t>(stage)];
    if (const auto source = sources_.find(id);
        source != sources_.end() && stage == node.stages.front()) {
      instance->runtime.source = source->second->metrics[static_cast<std::size_t>(executor)].get();
    }
    context.stages[stage] = &instance->runtime;
    stages_.push_back(std::move(instance));
  }
  return context;
}

std::unique_ptr<Outlet> Worker::outlet(EdgeId edge, int from) {
  std::vector<Mailbox*> targets;
  for (const auto& queue :
       edges_[static_cast<std::size_t>(edge)]->from_to[static_cast<std::size_t>(from)]) {
    if (queue != nullptr) {
      targets.push_back(queue->mailbox.get());
    }
  }
  const auto count = static_cast<int>(targets.size());
  return std::make_unique<Outlet>(std::move(targets), Assignment(count));
}

Inbox Worker::inbox(const Node& node, int executor) {
  std::vector<Inbox::Slot> slots;
  for (const EdgeId edge : node.inputs) {
    for (const auto& row : edges_[static_cast<std::size_t>(edge)]->from_to) {
      if (const auto& queue = row[static_cast<std::size_t>(executor)]) {
        slots.push_back({queue->mailbox.get(), &queue->metrics});
      }
    }
  }
  return Inbox(std::move(slots));
}

void Worker::start_threads() {
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
    stop_executors();
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
}

void Worker::start_failed(const std::string& error) {
  // Tasks first: they use sources and sinks.
  for (const auto& executor : executors_) {
    executor->release();
  }
  for (const auto& [id, source] : sources_) {
    source->source.reset();
  }
  for (const auto& [id, sink] : sinks_) {
    sink->sink.reset();
  }
  {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::never_ran;
    failed_ = true;
    error_ = error;
  }
  changed_.notify_all();
}

void Worker::run_executor(Executor& executor) {
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

bool Worker::start_executor(Executor& executor) {
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

void Worker::fail(const std::string& error) {
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

void Worker::executor_ended(bool finished) {
  {
    const std::lock_guard lock(mutex_);
    ++ended_;
    cut_short_ = cut_short_ || !finished;
  }
  changed_.notify_all();
}

void Worker::stop() {
  const std::lock_guard lock(mutex_);
  stop_wanted_ = true;
  if (phase_ == Phase::running) {
    stop_executors();
  }
}

void Worker::stop_now() {
  const std::lock_guard lock(mutex_);
  stop_now_wanted_ = true;
  if (phase_ == Phase::running) {
    stop_executors_now();
  }
}

void Worker::stop_executors() {
  for (const auto& executor : executors_) {
    executor->stop();
  }
}

void Worker::stop_executors_now() {
  for (const auto& executor : executors_) {
    executor->stop_now();
  }
}

std::optional<Outcome> Worker::wait(std::optional<std::chrono::nanoseconds> timeout) {
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

Outcome Worker::outcome() const {
  if (failed_) {
    return {false, error_};
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

bool Worker::running() const {
  const std::lock_guard lock(mutex_);
  return !failed_ && started_ == plan_->executors() && ended_ < plan_->executors();
}

void Worker::start_inline() {
  phase_ = Phase::running;
  for (const auto& executor : executors_) {
    executor->start();
  }
}

void Worker::run_inline() {
  bool progressed = true;
  while (progressed) {
    progressed = false;
    for (const auto& executor : executors_) {
      progressed = executor->run_once() || progressed;
    }
  }
}

bool Worker::done() const {
  return std::all_of(executors_.begin(), executors_.end(),
                     [](const auto& executor) { return executor->done(); });
}

}  // namespace wallaroo::internal
