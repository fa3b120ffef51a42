#include "run/wiring.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/check.hpp"
#include "base/current_error.hpp"
#include "base/missed_time.hpp"
#include "run/task/segment_task.hpp"
#include "run/task/source_task.hpp"
#include "run/task/writer_task.hpp"
#include "source/file/files_reader.hpp"

namespace wallaroo::internal {

Wiring::Wiring(const RunContext& context) : context_(context) {}

void Wiring::make_segments(const Executors& executors, SourcesAndSinks& sources_and_sinks) {
  const Plan& plan = context_.plan;
  make_queues(executors);
  for (const NodeId node : plan.nodes().ids()) {
    for (const int executor : context_.place.executors()) {
      if (plan.runs_on(node, executor) && !context_.node(node).sink) {
        make_segment(node, executor, sources_and_sinks);
      }
    }
  }
  for (const auto& [id, source] : sources_and_sinks.sources()) {
    source->source->set_event_time(segment_of(id, context_.place.first()).runner.has_event_time());
  }
}

void Wiring::make_queues(const Executors& executors) {
  for (const Edge& edge : context_.plan.edges()) {
    auto queues = std::make_unique<EdgeQueues>();
    for (int from = 0; from < context_.plan.executors(); ++from) {
      make_queues_from(edge, from, executors, *queues);
    }
    edges_.add(std::move(queues));
  }
}

void Wiring::make_queues_from(const Edge& edge, int from, const Executors& executors,
                              EdgeQueues& queues) {
  const Plan& plan = context_.plan;
  const Place& place = context_.place;
  const bool produces = plan.runs_on(edge.from, from);
  const bool consumes = plan.runs_on(edge.to, from) && place.has(from);
  queues.blocked_ns.push_back(produces ? std::make_unique<Counter>() : nullptr);
  queues.consumers.push_back(consumes ? std::make_unique<EdgeMetrics>() : nullptr);
  auto& row = queues.from_to.emplace_back(static_cast<std::size_t>(plan.executors()));
  for (int to = 0; to < plan.executors(); ++to) {
    const bool joined =
        produces && plan.runs_on(edge.to, to) && (edge.kind != EdgeKind::forward || from == to);
    if (!joined || (!place.has(from) && !place.has(to))) {
      continue;
    }
    check(place.has(from) && place.has(to), "an edge does not lead to another worker");
    Doorbell* const producer = &executors[place.index(from)]->doorbell();
    Doorbell* const consumer = &executors[place.index(to)]->doorbell();
    row[static_cast<std::size_t>(to)] = from == to ? std::make_unique<Mailbox>(nullptr, nullptr)
                                                   : std::make_unique<Mailbox>(producer, consumer);
  }
}

void Wiring::make_segment(NodeId id, int executor, SourcesAndSinks& sources_and_sinks) {
  std::vector<std::unique_ptr<Outlet>> outlets;
  const SegmentContext context = segment_context(id, executor, sources_and_sinks, outlets);
  std::unique_ptr<Segment> made = segment(context_.node(id), context);
  std::vector<Counter*> blocked_ns;
  for (const EdgeId edge : context_.plan.output_edges(id)) {
    blocked_ns.push_back(edges_[edge]->blocked_ns[static_cast<std::size_t>(executor)].get());
  }
  auto wired = std::make_unique<WiredSegment>(
      WiredSegment{id,
                   executor,
                   SegmentRunner(std::move(outlets), std::move(blocked_ns), std::move(made)),
                   context.dead_letters,
                   {}});
  wired->states = wired->runner.states();
  segments_.push_back(std::move(wired));
}

std::unique_ptr<Segment> Wiring::segment(const Node& node, const SegmentContext& context) const {
  try {
    return node.segment(context);
  } catch (const Error&) {
    throw;
  } catch (...) {
    // Each executor has copies of the user's functions, which may throw when they are copied.
    throw StageError(fmt::format("stages {} cannot be made: {}",
                                 context_.plan.names_of_stages(node), current_error()));
  }
}

SegmentContext Wiring::segment_context(NodeId id, int executor, SourcesAndSinks& sources_and_sinks,
                                       std::vector<std::unique_ptr<Outlet>>& outlets) {
  const Node& node = context_.node(id);
  SegmentContext context{context_.clock, context_.log, context_.wall_offset_ns, {}, nullptr, {},
                         &once_};
  context.longest_news_ns = node.source ? end_of_time : longest_news_ns();
  for (const EdgeId edge : node.outputs) {
    outlets.push_back(outlet(edge, executor));
    context.outlets.push_back(outlets.back().get());
  }
  if (const auto edge = context_.plan.dead_letter_edge(id)) {
    outlets.push_back(outlet(*edge, executor));
    context.dead_letters = outlets.back().get();
  }
  for (const StageId stage : node.stages) {
    context.stages[stage] = &make_stage(stage, id, executor);
  }
  if (node.source) {
    context.stages.at(node.stages.front())->source =
        sources_and_sinks.source(id).metrics[static_cast<std::size_t>(executor)].get();
  }
  return context;
}

StageRuntime& Wiring::make_stage(StageId stage, NodeId node, int executor) {
  stages_.push_back(std::make_unique<StageInstance>(stage, node, executor));
  StageInstance& made = *stages_.back();
  made.runtime.info = &context_.stage(stage);
  if (made.runtime.info->kind == StageKind::key_by) {
    made.runtime.keys = std::make_unique<KeySample>();
    if (context_.options.collect_keys) {
      made.runtime.keys->hottest = std::make_unique<HotKeys>();
    }
  }
  return made.runtime;
}

// Where a test moves the time by hand, an executor misses none of it.
std::int64_t Wiring::longest_news_ns() const {
  return context_.options.checkpoints_inline ? end_of_time : longest_look_ns;
}

std::unique_ptr<Outlet> Wiring::outlet(EdgeId edge, int from) const {
  const EdgeQueues& queues = *edges_[edge];
  std::vector<Channel*> targets;
  for (const auto& mailbox : queues.from_to[static_cast<std::size_t>(from)]) {
    if (mailbox != nullptr) {
      targets.push_back(mailbox.get());
    }
  }
  // An edge to a single node has one target, whatever the key.
  AssignmentPtr assignment = targets.size() == 1 ? assign_evenly(1) : context_.assignment;
  return std::make_unique<Outlet>(std::move(targets), std::move(assignment));
}

Inbox Wiring::inbox(const Node& node, int executor) const {
  std::vector<Inbox::Slot> slots;
  for (const EdgeId edge : node.inputs) {
    const EdgeQueues& queues = *edges_[edge];
    for (const auto& row : queues.from_to) {
      if (const auto& mailbox = row[static_cast<std::size_t>(executor)]) {
        slots.push_back(
            {mailbox.get(), queues.consumers[static_cast<std::size_t>(executor)].get()});
      }
    }
  }
  return Inbox(std::move(slots));
}

// Executors serve their tasks in the order in which they get them: downstream first.
void Wiring::make_tasks(const Executors& executors, SourcesAndSinks& sources_and_sinks,
                        RunCheckpoints& checkpoints) {
  const Plan& plan = context_.plan;
  std::vector<NodeId> order = plan.nodes().ids();
  std::stable_sort(order.begin(), order.end(), [&](NodeId a, NodeId b) {
    return plan.placement(a).rank > plan.placement(b).rank;
  });
  for (const NodeId node : order) {
    for (const int executor : context_.place.executors()) {
      if (plan.runs_on(node, executor)) {
        make_task(node, *executors[context_.place.index(executor)], executor, sources_and_sinks,
                  checkpoints);
      }
    }
  }
  segments_.clear();
}

void Wiring::make_task(NodeId id, Executor& executor, int index, SourcesAndSinks& sources_and_sinks,
                       RunCheckpoints& checkpoints) {
  const Node& node = context_.node(id);
  SegmentMetrics& metrics = task_metrics(id, index);
  if (node.sink) {
    executor.add(writer_task(id, executor, index, sources_and_sinks.sink(id), checkpoints),
                 metrics);
    return;
  }
  WiredSegment& segment = segment_of(id, index);
  const CheckpointSlot slot = checkpoints.add_task(task_name(node));
  checkpoints.attach_keeper(segment, slot);
  if (node.source) {
    executor.add(source_task(segment, executor, sources_and_sinks.source(id), slot), metrics);
  } else {
    executor.add(std::make_unique<SegmentTask>(inbox(node, index), std::move(segment.runner)),
                 metrics);
  }
}

SegmentMetrics& Wiring::task_metrics(NodeId node, int executor) {
  task_counters_.push_back(std::make_unique<TaskCounters>(node, executor));
  return task_counters_.back()->metrics;
}

std::unique_ptr<Task> Wiring::writer_task(NodeId id, Executor& executor, int index, RunSink& sink,
                                          RunCheckpoints& checkpoints) const {
  const CheckpointSlot slot = checkpoints.add_task(sink.name_with_address());
  sink.listener.port = checkpoints.port();
  TransactionListener* const transactions = slot.port == nullptr ? nullptr : &sink.listener;
  Inbox input = inbox(context_.node(id), index);
  return std::make_unique<WriterTask>(
      std::move(input),
      sink.sink->writer(
          WriterContext{executor.loop(), context_.clock, context_.log, sink.metrics, transactions}),
      slot);
}

std::unique_ptr<Task> Wiring::source_task(WiredSegment& segment, Executor& executor,
                                          RunSource& source, const CheckpointSlot& slot) {
  const StageId first_stage = context_.node(segment.node).stages.front();
  refusals_.push_back(std::make_unique<SourceRefusals>(runtime_of(first_stage, segment.executor),
                                                       context_.log, segment.dead_letters));
  // Often enough that windows of ingest time fire in time, and seldom enough to cost nothing.
  const std::int64_t tick_ns = context_.plan.uses_time() ? between_looks_ns : 0;
  auto task = std::make_unique<SourceTask>(
      SourceTask::Share{source.name, source.index, slot, source.ended, context_.may_read},
      std::move(segment.runner),
      SourceTask::Time{context_.wall_offset_ns, tick_ns,
                       tick_ns == 0 ? end_of_time : longest_news_ns()},
      context_.clock);
  if (source.ended) {
    task->set_reader(std::make_unique<IdleReader>());
    return task;
  }
  SourceMetrics& metrics = *source.metrics[static_cast<std::size_t>(segment.executor)];
  task->set_reader(source.source->reader(
      segment.executor, context_.plan.executors(),
      ReaderContext{executor.loop(), context_.clock, context_.log, metrics, task->receiver(),
                    *refusals_.back(), context_.takes_checkpoints()}));
  return task;
}

std::string Wiring::task_name(const Node& node) const {
  if (node.stages.empty()) {
    return "a merge of streams";
  }
  return fmt::format("{} '{}'", node.source ? "source" : "stage",
                     context_.stage(node.stages.front()).name);
}

WiredSegment& Wiring::segment_of(NodeId node, int executor) {
  return **std::find_if(segments_.begin(), segments_.end(), [&](const auto& segment) {
    return segment->node == node && segment->executor == executor;
  });
}

StageRuntime& Wiring::runtime_of(StageId stage, int executor) {
  return (*std::find_if(stages_.begin(), stages_.end(),
                        [&](const auto& instance) {
                          return instance->stage == stage && instance->executor == executor;
                        }))
      ->runtime;
}

std::vector<const Mailbox*> Wiring::queues_before(const Node& node) const {
  std::vector<const Mailbox*> queues;
  for (const EdgeId edge : node.inputs) {
    for (const auto& row : edges_[edge]->from_to) {
      for (const auto& queue : row) {
        if (queue != nullptr) {
          queues.push_back(queue.get());
        }
      }
    }
  }
  return queues;
}

}  // namespace wallaroo::internal
