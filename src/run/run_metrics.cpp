#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "metrics/describe.hpp"
#include "run/run_parts.hpp"

namespace wallaroo::internal {

namespace {

// One worker is one process; the label is there for clusters of them.
constexpr const char* worker_name = "worker1";

}  // namespace

EdgeFill Run::EdgeInstance::fill() const {
  EdgeFill fill;
  std::size_t most = 0;
  for (const auto& row : from_to) {
    for (const auto& mailbox : row) {
      if (mailbox != nullptr) {
        const std::size_t queued = mailbox->depth();
        fill.queued += queued;
        fill.capacity += Mailbox::capacity;
        most = std::max(most, queued);
      }
    }
  }
  fill.fullest = static_cast<double>(most) / static_cast<double>(Mailbox::capacity);
  return fill;
}

void Run::register_metrics(Registry& registry) const {
  register_stages(registry);
  register_ends(registry);
  register_edges(registry);
  register_segments(registry);
  if (options_.store != nullptr) {
    register_checkpoints(registry, worker_name, checkpointer_->metrics());
  }
  for (std::size_t executor = 0; executor < executors_.size(); ++executor) {
    register_executor(registry, {worker_name, static_cast<int>(executor)},
                      executors_[executor]->metrics());
  }
}

// Instances were made in the order in which executors serve them; readers want the user's.
void Run::register_stages(Registry& registry) const {
  std::vector<const StageInstance*> described;
  for (const auto& stage : stages_) {
    described.push_back(stage.get());
  }
  std::stable_sort(described.begin(), described.end(),
                   [](const auto* a, const auto* b) { return a->stage < b->stage; });
  for (const StageInstance* const stage : described) {
    const StageInfo& info = *stage->runtime.info;
    const StagePlace place{info.pipeline, info.name, worker_name, stage->executor};
    register_stage(registry, place, stage->runtime.metrics);
    if (info.kind == StageKind::key_by) {
      register_keys(registry, place, stage->runtime.metrics);
    } else if (info.kind == StageKind::window || info.kind == StageKind::join) {
      register_output(registry, place, stage->runtime.metrics);
    } else if (info.kind == StageKind::state_computation && info.temporal) {
      register_timers(registry, place, stage->runtime.metrics);
    }
    if (info.temporal) {
      register_time(registry, place, stage->runtime.metrics);
      const bool join = info.kind == StageKind::join;
      (join ? register_join : register_windows)(registry, place, stage->runtime.metrics);
    }
  }
}

void Run::register_ends(Registry& registry) const {
  const auto first_stage = [&](NodeId id) {
    return plan_->nodes()[static_cast<std::size_t>(id)].stages.front();
  };
  const auto pipeline_of = [&](NodeId id) {
    return plan_->stages()[static_cast<std::size_t>(first_stage(id))].pipeline;
  };
  const auto by_stage = [&](const auto& ends) {
    std::vector<NodeId> ids;
    for (const auto& [id, end] : ends) {
      ids.push_back(id);
    }
    std::stable_sort(ids.begin(), ids.end(),
                     [&](NodeId a, NodeId b) { return first_stage(a) < first_stage(b); });
    return ids;
  };
  for (const NodeId id : by_stage(sources_)) {
    const SourceInstance* const source = sources_.at(id).get();
    for (int executor = 0; executor < plan_->executors(); ++executor) {
      register_source(registry, {pipeline_of(id), source->name, worker_name, executor},
                      *source->metrics[static_cast<std::size_t>(executor)]);
    }
  }
  for (const NodeId id : by_stage(sinks_)) {
    const SinkInstance* const sink = sinks_.at(id).get();
    register_sink(registry,
                  {pipeline_of(id), sink->name, worker_name, plan_->placement(id).executor},
                  sink->metrics);
  }
}

void Run::register_segments(Registry& registry) const {
  std::vector<const TaskInstance*> described;
  for (const auto& task : task_metrics_) {
    described.push_back(task.get());
  }
  std::stable_sort(described.begin(), described.end(),
                   [](const auto* a, const auto* b) { return a->node < b->node; });
  for (const TaskInstance* const task : described) {
    const Node& node = plan_->nodes()[static_cast<std::size_t>(task->node)];
    std::string names;
    for (const StageId stage : node.stages) {
      names += (names.empty() ? "" : ", ") + plan_->stages()[static_cast<std::size_t>(stage)].name;
    }
    const char* const kind = node.source ? "source" : node.sink ? "writer" : "segment";
    register_segment(registry, {task->node, kind, names, worker_name, task->executor},
                     task->metrics);
  }
}

void Run::register_edges(Registry& registry) const {
  // The producing stage is the last one before the queue: encoding is a part of its sink, which
  // is what consumes.
  const auto producer = [&](NodeId id) {
    const auto& stages = plan_->nodes()[static_cast<std::size_t>(id)].stages;
    for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage) {
      const StageInfo& info = plan_->stages()[static_cast<std::size_t>(*stage)];
      if (info.kind != StageKind::sink) {
        return info.name;
      }
    }
    return fmt::format("segment {}", id);
  };
  const auto consumer = [&](NodeId id) {
    const auto& stages = plan_->nodes()[static_cast<std::size_t>(id)].stages;
    return stages.empty() ? fmt::format("segment {}", id)
                          : plan_->stages()[static_cast<std::size_t>(stages.front())].name;
  };
  for (std::size_t edge = 0; edge < edges_.size(); ++edge) {
    const EdgeInstance* const instance = edges_[edge].get();
    const Edge& ends = plan_->edges()[edge];
    EdgeCounters counters;
    for (const auto& metrics : instance->consumers) {
      if (metrics != nullptr) {
        counters.consumers.push_back(metrics.get());
      }
    }
    for (const auto& blocked_ns : instance->blocked_ns) {
      if (blocked_ns != nullptr) {
        counters.blocked_ns.push_back(blocked_ns.get());
      }
    }
    register_edge(
        registry,
        {static_cast<int>(edge), producer(ends.from), consumer(ends.to), worker_name}, counters,
        [instance] { return instance->fill(); });
  }
}

}  // namespace wallaroo::internal
