#include <algorithm>

#include <fmt/format.h>

#include "metrics/describe.hpp"
#include "worker/worker_parts.hpp"

namespace wallaroo::internal {

namespace {

// One worker is one process; the label is there for clusters of them.
constexpr const char* worker_name = "worker1";

}  // namespace

void Worker::register_metrics(Registry& registry) const {
  // Instances were made in the order in which executors serve them; readers want the user's.
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
    if (info.temporal) {
      register_time(registry, place, stage->runtime.metrics);
      const bool join = info.kind == StageKind::join;
      (join ? register_join : register_windows)(registry, place, stage->runtime.metrics);
    }
  }
  const auto by_stage = [&](const auto& ends) {
    std::vector<NodeId> ids;
    for (const auto& [id, end] : ends) {
      ids.push_back(id);
    }
    std::stable_sort(ids.begin(), ids.end(), [&](NodeId a, NodeId b) {
      const auto first = [&](NodeId id) {
        return plan_->nodes()[static_cast<std::size_t>(id)].stages.front();
      };
      return first(a) < first(b);
    });
    return ids;
  };
  const auto first_stage = [&](NodeId id) -> const StageInfo& {
    return plan_->stages()[static_cast<std::size_t>(
        plan_->nodes()[static_cast<std::size_t>(id)].stages.front())];
  };
  for (const NodeId id : by_stage(sources_)) {
    const SourceInstance* const source = sources_.at(id).get();
    for (int executor = 0; executor < plan_->executors(); ++executor) {
      register_source(registry, {first_stage(id).pipeline, source->name, worker_name, executor},
                      *source->metrics[static_cast<std::size_t>(executor)]);
    }
  }
  for (const NodeId id : by_stage(sinks_)) {
    const SinkInstance* const sink = sinks_.at(id).get();
    register_sink(
        registry,
        {first_stage(id).pipeline, sink->name, worker_name, plan_->placement(id).executor},
        sink->metrics);
  }
  for (std::size_t edge = 0; edge < edges_.size(); ++edge) {
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
    const Edge& ends = plan_->edges()[edge];
    for (std::size_t from = 0; from < edges_[edge]->from_to.size(); ++from) {
      for (std::size_t to = 0; to < edges_[edge]->from_to.size(); ++to) {
        if (const auto& queue = edges_[edge]->from_to[from][to]) {
          register_mailbox(registry,
                           {static_cast<int>(edge), producer(ends.from), consumer(ends.to),
                            worker_name, static_cast<int>(from), static_cast<int>(to)},
                           queue->metrics, [mailbox = queue->mailbox.get()] {
                             return static_cast<double>(mailbox->depth());
                           });
        }
      }
    }
  }
  if (options_.store != nullptr) {
    register_checkpoints(registry, worker_name, checkpointer_->metrics());
  }
  for (std::size_t executor = 0; executor < executors_.size(); ++executor) {
    register_executor(registry, {worker_name, static_cast<int>(executor)},
                      executors_[executor]->metrics());
  }
}

}  // namespace wallaroo::internal
