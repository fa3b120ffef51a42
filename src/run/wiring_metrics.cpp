// Names and sums up the counters of stages, edges and tasks.

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "run/wiring.hpp"

namespace wallaroo::internal {

EdgeFill Wiring::EdgeQueues::fill() const {
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

std::vector<const StageMetrics*> Wiring::metrics_of(StageId stage) const {
  std::vector<const StageMetrics*> metrics;
  for (const auto& instance : stages_) {
    if (instance->stage == stage) {
      metrics.push_back(&instance->runtime.metrics);
    }
  }
  return metrics;
}

std::vector<const StageMetrics*> Wiring::metrics_of_first_stage(NodeId id) const {
  const std::vector<StageId>& stages = context_.node(id).stages;
  std::vector<const StageMetrics*> metrics;
  for (const auto& instance : stages_) {
    if (instance->node == id && !stages.empty() && instance->stage == stages.front()) {
      metrics.push_back(&instance->runtime.metrics);
    }
  }
  return metrics;
}

std::vector<SampledKeys> Wiring::sampled_keys() const {
  std::vector<SampledKeys> samples;
  for (const auto& instance : stages_) {
    if (instance->runtime.keys != nullptr) {
      samples.push_back({instance->stage, instance->executor, instance->runtime.keys.get()});
    }
  }
  return samples;
}

// Instances were made node by node. People read them in the order in which the application names
// its stages.
void Wiring::register_stages(Registry& registry, const std::string& worker) const {
  std::vector<const StageInstance*> described;
  for (const auto& stage : stages_) {
    described.push_back(stage.get());
  }
  std::stable_sort(described.begin(), described.end(),
                   [](const auto* a, const auto* b) { return a->stage < b->stage; });
  for (const StageInstance* const stage : described) {
    const StageInfo& info = *stage->runtime.info;
    const StageMetrics& metrics = stage->runtime.metrics;
    const StageLabels place{info.pipeline, info.name, worker, stage->executor};
    register_stage(registry, place, metrics);
    if (info.kind == StageKind::key_by) {
      register_keys(registry, place, metrics);
    } else if (info.kind == StageKind::window || info.kind == StageKind::join) {
      register_output(registry, place, metrics);
    } else if (info.kind == StageKind::state_computation && info.temporal) {
      register_timers(registry, place, metrics);
    }
    if (info.temporal) {
      register_time(registry, place, metrics);
      const bool join = info.kind == StageKind::join;
      (join ? register_join : register_windows)(registry, place, metrics);
    }
  }
}

void Wiring::register_segments(Registry& registry, const std::string& worker) const {
  std::vector<const TaskCounters*> described;
  for (const auto& task : task_counters_) {
    described.push_back(task.get());
  }
  std::stable_sort(described.begin(), described.end(),
                   [](const auto* a, const auto* b) { return a->node < b->node; });
  for (const TaskCounters* const task : described) {
    const Node& node = context_.node(task->node);
    std::string names;
    for (const StageId stage : node.stages) {
      names += (names.empty() ? "" : ", ") + context_.stage(stage).name;
    }
    const char* const kind = node.source ? "source" : node.sink ? "writer" : "segment";
    register_segment(registry, {task->node.index(), kind, names, worker, task->executor},
                     task->metrics);
  }
}

void Wiring::register_edges(Registry& registry, const std::string& worker) const {
  // The producing stage is the last one before the queue: encoding is a part of its sink, which
  // is what consumes.
  const auto producer = [&](NodeId id) {
    const auto& stages = context_.node(id).stages;
    for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage) {
      const StageInfo& info = context_.stage(*stage);
      if (info.kind != StageKind::sink) {
        return info.name;
      }
    }
    return fmt::format("segment {}", id.index());
  };
  const auto consumer = [&](NodeId id) {
    const auto& stages = context_.node(id).stages;
    return stages.empty() ? fmt::format("segment {}", id.index())
                          : context_.stage(stages.front()).name;
  };
  for (const EdgeId id : edges_.ids()) {
    const EdgeQueues* const queues = edges_[id].get();
    const Edge& edge = context_.plan.edges()[id];
    EdgeCounters counters;
    for (const auto& metrics : queues->consumers) {
      if (metrics != nullptr) {
        counters.consumers.push_back(metrics.get());
      }
    }
    for (const auto& blocked_ns : queues->blocked_ns) {
      if (blocked_ns != nullptr) {
        counters.blocked_ns.push_back(blocked_ns.get());
      }
    }
    register_edge(registry, {id.index(), producer(edge.from), consumer(edge.to), worker}, counters,
                  [queues] { return queues->fill(); });
  }
}

void Wiring::add_totals(RunTotals& totals) const {
  for (const StageInfo& info : context_.plan.stages()) {
    totals.stages.push_back({.name = info.name, .kind = info.kind, .on_error = info.on_error});
  }
  for (const auto& instance : stages_) {
    RunTotals::Stage& sum = totals.stages[instance->stage.index()];
    const StageMetrics& metrics = instance->runtime.metrics;
    sum.records_in += metrics.records_in.value();
    sum.late += metrics.late_records.value();
    sum.dropped += metrics.dropped_records.value();
    sum.failed += metrics.errors.value();
  }
}

}  // namespace wallaroo::internal
