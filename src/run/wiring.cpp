// How a run is put together from its plan.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "base/current_error.hpp"
#include "base/missed_time.hpp"
#include "run/run_parts.hpp"
#include "source/file/file_connector.hpp"

namespace wallaroo::internal {

void Run::build_mailboxes() {
  const int executors = plan_->executors();
  for (const Edge& edge : plan_->edges()) {
    auto instance = std::make_unique<EdgeInstance>();
    instance->from_to.resize(static_cast<std::size_t>(executors));
    for (int from = 0; from < executors; ++from) {
      auto& row = instance->from_to[static_cast<std::size_t>(from)];
      row.resize(static_cast<std::size_t>(executors));
      const bool produces = plan_->runs_on(edge.from, from);
      instance->blocked_ns.push_back(produces ? std::make_unique<Counter>() : nullptr);
      instance->consumers.push_back(
          plan_->runs_on(edge.to, from) ? std::make_unique<EdgeMetrics>() : nullptr);
      for (int to = 0; to < executors; ++to) {
        if (!produces || !plan_->runs_on(edge.to, to) ||
            (edge.kind == EdgeKind::forward && from != to)) {
          continue;
        }
        Doorbell* const producer = &executors_[static_cast<std::size_t>(from)]->doorbell();
        Doorbell* const consumer = &executors_[static_cast<std::size_t>(to)]->doorbell();
        row[static_cast<std::size_t>(to)] = from == to
                                                ? std::make_unique<Mailbox>(nullptr, nullptr)
                                                : std::make_unique<Mailbox>(producer, consumer);
      }
    }
    edges_.push_back(std::move(instance));
  }
}

void Run::build_segments() {
  for (NodeId node = 0; node < static_cast<NodeId>(plan_->nodes().size()); ++node) {
    for (int executor = 0; executor < plan_->executors(); ++executor) {
      if (plan_->runs_on(node, executor) && !plan_->nodes()[static_cast<std::size_t>(node)].sink) {
        build_segment(node, executor);
      }
    }
  }
}

/// In the order of a segment's outlets.
std::vector<EdgeId> Run::output_edges(NodeId node) const {
  std::vector<EdgeId> edges = plan_->nodes()[static_cast<std::size_t>(node)].outputs;
  if (const EdgeId dead_letters = plan_->dead_letter_edge(node); dead_letters >= 0) {
    edges.push_back(dead_letters);
  }
  return edges;
}

void Run::build_segment(NodeId node, int executor) {
  std::vector<std::unique_ptr<Outlet>> outlets;
  const SegmentContext context = segment_context(node, executor, outlets);
  std::unique_ptr<Segment> segment;
  try {
    segment = plan_->nodes()[static_cast<std::size_t>(node)].segment(context);
  } catch (const Error&) {
    throw;
  } catch (...) {
    // Each executor has copies of the user's functions, which may throw when they are copied.
    throw StageError(
        fmt::format("stages {} cannot be made: {}", plan_->names_of_stages(
                                                plan_->nodes()[static_cast<std::size_t>(node)]),
                    current_error()));
  }
  std::vector<Counter*> blocked_ns;
  for (const EdgeId edge : output_edges(node)) {
    blocked_ns.push_back(edges_[static_cast<std::size_t>(edge)]
                             ->blocked_ns[static_cast<std::size_t>(executor)]
                             .get());
  }
  auto instance = std::make_unique<SegmentInstance>(
      SegmentInstance{node,
                      executor,
                      SegmentRunner(std::move(outlets), std::move(blocked_ns), std::move(segment)),
                      context.dead_letters,
                      {}});
  instance->states = instance->output.states();
  segments_.push_back(std::move(instance));
}

// Downstream first, as executors serve them.
void Run::build_tasks() {
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
  segments_.clear();
}

// What merges or splits streams, and nothing else, has no stage.
std::string Run::task_name(const Node& node) const {
  if (node.stages.empty()) {
    return "a merge of streams";
  }
  const auto first = static_cast<std::size_t>(node.stages.front());
  return fmt::format("{} '{}'", node.source ? "source" : "stage", plan_->stages()[first].name);
}

void Run::build_task(NodeId id, int index) {
  const Node& node = plan_->nodes()[static_cast<std::size_t>(id)];
  Executor& executor = *executors_[static_cast<std::size_t>(index)];
  task_metrics_.push_back(std::make_unique<TaskInstance>());
  task_metrics_.back()->node = id;
  task_metrics_.back()->executor = index;
  SegmentMetrics& metrics = task_metrics_.back()->metrics;
  const CheckpointSlot slot{checkpointer_.get(), tasks_++};
  task_names_.push_back(node.sink ? with_address(*sinks_.at(id)) : task_name(node));
  if (node.sink) {
    SinkInstance& sink = *sinks_.at(id);
    sink.listener.port = checkpointer_.get();
    executor.add(std::make_unique<WriterTask>(
        inbox(node, index),
        sink.sink->writer(WriterContext{executor.loop(), clock_, log_, sink.metrics,
                                        checkpointer_ == nullptr ? nullptr : &sink.listener}),
        slot), metrics);
    return;
  }
  SegmentInstance& segment = segment_of(id, index);
  attach_keeper(segment, slot);
  if (node.source) {
    executor.add(make_source_task(segment, slot), metrics);
  } else {
    executor.add(std::make_unique<SegmentTask>(inbox(node, index), std::move(segment.output)),
                 metrics);
  }
}

Run::SegmentInstance& Run::segment_of(NodeId node, int executor) {
  return **std::find_if(segments_.begin(), segments_.end(), [&](const auto& segment) {
    return segment->node == node && segment->executor == executor;
  });
}

std::unique_ptr<Task> Run::make_source_task(SegmentInstance& segment, CheckpointSlot slot) {
  const Node& node = plan_->nodes()[static_cast<std::size_t>(segment.node)];
  SourceInstance& source = *sources_.at(segment.node);
  const auto executor = static_cast<std::size_t>(segment.executor);
  source.refusals.push_back(std::make_unique<SourceRefusals>(
      *runtime_of(node.stages.front(), segment.executor), log_, segment.dead_letters));
  // Often enough that windows of ingest time fire in time, and seldom enough to cost nothing.
  const std::int64_t tick_ns = plan_->uses_time() ? between_looks_ns : 0;
  auto task = std::make_unique<SourceTask>(
      SourceTask::Share{source.name, source.index, slot, source.ended}, std::move(segment.output),
      SourceTask::Time{wall_offset_ns_, tick_ns, tick_ns == 0 ? end_of_time : longest_news_ns()},
      clock_);
  if (source.ended) {
    task->set_connector(std::make_unique<IdleConnector>());
  } else {
    task->set_connector(source.source->connector(
        segment.executor, plan_->executors(),
        ConnectorContext{executors_[executor]->loop(), clock_, log_, *source.metrics[executor],
                         task->receiver(), *source.refusals.back(), takes_checkpoints()}));
  }
  return task;
}

// Where time is moved by hand, no time passes in which nobody looks.
std::int64_t Run::longest_news_ns() const {
  return options_.checkpoints_inline ? end_of_time : longest_look_ns;
}

StageRuntime* Run::runtime_of(StageId stage, int executor) {
  return &(*std::find_if(stages_.begin(), stages_.end(), [&](const auto& instance) {
            return instance->stage == stage && instance->executor == executor;
          }))->runtime;
}

SegmentContext Run::segment_context(NodeId id, int executor,
                                    std::vector<std::unique_ptr<Outlet>>& outlets) {
  const Node& node = plan_->nodes()[static_cast<std::size_t>(id)];
  SegmentContext context{clock_, log_, wall_offset_ns_, {}, nullptr, {}, &once_};
  context.longest_news_ns = node.source ? end_of_time : longest_news_ns();
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

std::unique_ptr<Outlet> Run::outlet(EdgeId edge, int from) {
  const EdgeInstance& instance = *edges_[static_cast<std::size_t>(edge)];
  std::vector<Mailbox*> targets;
  for (const auto& mailbox : instance.from_to[static_cast<std::size_t>(from)]) {
    if (mailbox != nullptr) {
      targets.push_back(mailbox.get());
    }
  }
  const auto count = static_cast<int>(targets.size());
  return std::make_unique<Outlet>(std::move(targets), Assignment(count));
}

Inbox Run::inbox(const Node& node, int executor) {
  std::vector<Inbox::Slot> slots;
  for (const EdgeId edge : node.inputs) {
    const EdgeInstance& instance = *edges_[static_cast<std::size_t>(edge)];
    for (const auto& row : instance.from_to) {
      if (const auto& mailbox = row[static_cast<std::size_t>(executor)]) {
        slots.push_back(
            {mailbox.get(), instance.consumers[static_cast<std::size_t>(executor)].get()});
      }
    }
  }
  return Inbox(std::move(slots));
}

}  // namespace wallaroo::internal
