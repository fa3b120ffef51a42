// Which places of a run may hold others back, and when they are looked at.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "run/run_parts.hpp"

namespace wallaroo::internal {

namespace {

std::string place_name(const Plan& plan, const Node& node) {
  const auto name = [&](StageId stage) {
    return plan.stages()[static_cast<std::size_t>(stage)].name;
  };
  if (node.stages.empty()) {
    return "a merge of streams";
  }
  if (node.sink || plan.stages()[static_cast<std::size_t>(node.stages.front())].kind ==
                       StageKind::sink) {
    return fmt::format("sink '{}'", name(node.stages.front()));
  }
  return node.stages.size() == 1
             ? fmt::format("stage '{}'", name(node.stages.front()))
             : fmt::format("the stages from '{}' to '{}'", name(node.stages.front()),
                           name(node.stages.back()));
}

}  // namespace

std::vector<const Mailbox*> Run::queues_before(const Node& node) const {
  std::vector<const Mailbox*> queues;
  for (const EdgeId edge : node.inputs) {
    for (const auto& row : edges_[static_cast<std::size_t>(edge)]->from_to) {
      for (const auto& queue : row) {
        if (queue != nullptr) {
          queues.push_back(queue.get());
        }
      }
    }
  }
  return queues;
}

PressureSampler::Place Run::pressure_place(NodeId id) const {
  const Node& node = plan_->nodes()[static_cast<std::size_t>(id)];
  PressureSampler::Place place;
  place.name = place_name(*plan_, node);
  place.rank = plan_->placement(id).rank;
  place.queues = queues_before(node);
  place.busy_s = [this, id] {
    std::vector<double> busy_s;
    for (int executor = 0; executor < plan_->executors(); ++executor) {
      if (plan_->runs_on(id, executor)) {
        const auto& metrics = executors_[static_cast<std::size_t>(executor)]->metrics();
        busy_s.push_back(static_cast<double>(metrics.busy_ns.value()) / 1e9);
      }
    }
    return busy_s;
  };
  if (node.sink) {
    const SinkInstance& sink = *sinks_.at(id);
    place.peer = sink.sink->address();
    place.records = [&metrics = sink.metrics] { return metrics.records.value(); };
    place.connected = [&metrics = sink.metrics] { return metrics.connected.value() != 0; };
    return place;
  }
  std::vector<const StageMetrics*> counters;
  for (const auto& instance : stages_) {
    if (instance->node == id && !node.stages.empty() && instance->stage == node.stages.front()) {
      counters.push_back(&instance->runtime.metrics);
    }
  }
  place.records = [counters = std::move(counters)] {
    std::uint64_t records = 0;
    for (const StageMetrics* const metrics : counters) {
      records += metrics->records_in.value();
    }
    return records;
  };
  return place;
}

void Run::watch_pressure() {
  std::vector<PressureSampler::Place> places;
  for (NodeId id = 0; id < static_cast<NodeId>(plan_->nodes().size()); ++id) {
    if (!plan_->nodes()[static_cast<std::size_t>(id)].inputs.empty()) {
      places.push_back(pressure_place(id));
    }
  }
  pressure_ = std::make_unique<PressureSampler>(std::move(places), log_);
  sample_pressure();
}

void Run::sample_pressure() {
  pressure_->sample(clock_.now_ns());
  executors_.front()->loop().after(PressureSampler::sample_every, [this] { sample_pressure(); });
}

}  // namespace wallaroo::internal
