#include "run/pressure/pressure_places.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace wallaroo::internal {

namespace {

std::string place_name(const RunContext& context, const Node& node) {
  if (node.stages.empty()) {
    return "a merge of streams";
  }
  const StageInfo& first = context.stage(node.stages.front());
  if (node.sink || first.kind == StageKind::sink) {
    return fmt::format("sink '{}'", first.name);
  }
  return node.stages.size() == 1
             ? fmt::format("stage '{}'", first.name)
             : fmt::format("the stages from '{}' to '{}'", first.name,
                           context.stage(node.stages.back()).name);
}

/// The time for which each executor of the node has worked so far.
std::vector<double> busy_s(const Plan& plan, const Executors& executors, NodeId id) {
  std::vector<double> times;
  for (int executor = 0; executor < plan.executors(); ++executor) {
    if (plan.runs_on(id, executor)) {
      const auto& metrics = executors[static_cast<std::size_t>(executor)]->metrics();
      times.push_back(static_cast<double>(metrics.busy_ns.value()) / 1e9);
    }
  }
  return times;
}

std::uint64_t records_in(const std::vector<const StageMetrics*>& counters) {
  std::uint64_t records = 0;
  for (const StageMetrics* const metrics : counters) {
    records += metrics->records_in.value();
  }
  return records;
}

PressureSampler::Place pressure_place(const RunContext& context, const Wiring& wiring,
                                      const SourcesAndSinks& sources_and_sinks,
                                      const Executors& executors, NodeId id) {
  const Node& node = context.node(id);
  PressureSampler::Place place;
  place.name = place_name(context, node);
  place.rank = context.plan.placement(id).rank;
  place.queues = wiring.queues_before(node);
  place.busy_s = [&plan = context.plan, &executors, id] { return busy_s(plan, executors, id); };
  if (node.sink) {
    const RunSink& sink = sources_and_sinks.sink(id);
    place.peer = sink.sink->address();
    place.records = [&metrics = sink.metrics] { return metrics.records.value(); };
    place.connected = [&metrics = sink.metrics] { return metrics.connected.value() != 0; };
  } else {
    place.records = [counters = wiring.metrics_of_first_stage(id)] { return records_in(counters); };
  }
  return place;
}

}  // namespace

std::vector<PressureSampler::Place> pressure_places(const RunContext& context,
                                                    const Wiring& wiring,
                                                    const SourcesAndSinks& sources_and_sinks,
                                                    const Executors& executors) {
  std::vector<PressureSampler::Place> places;
  for (NodeId id = 0; id < static_cast<NodeId>(context.plan.nodes().size()); ++id) {
    if (!context.node(id).inputs.empty()) {
      places.push_back(pressure_place(context, wiring, sources_and_sinks, executors, id));
    }
  }
  return places;
}

}  // namespace wallaroo::internal
