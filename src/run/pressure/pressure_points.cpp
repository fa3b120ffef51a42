#include "run/pressure/pressure_points.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace wallaroo::internal {

namespace {

std::string point_name(const RunContext& context, const Node& node) {
  if (node.stages.empty()) {
    return "a merge of streams";
  }
  const StageInfo& first = context.stage(node.stages.front());
  if (node.sink || first.kind == StageKind::sink) {
    return fmt::format("sink '{}'", first.name);
  }
  return node.stages.size() == 1 ? fmt::format("stage '{}'", first.name)
                                 : fmt::format("the stages from '{}' to '{}'", first.name,
                                               context.stage(node.stages.back()).name);
}

/// The time for which each executor of the node has worked so far.
std::vector<double> busy_s(const RunContext& context, const Executors& executors, NodeId id) {
  std::vector<double> times;
  for (const int executor : context.place.executors()) {
    if (context.plan.runs_on(id, executor)) {
      const auto& metrics = executors[context.place.index(executor)]->metrics();
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

PressureSampler::Point pressure_point(const RunContext& context, const Wiring& wiring,
                                      const SourcesAndSinks& sources_and_sinks,
                                      const Executors& executors, NodeId id) {
  const Node& node = context.node(id);
  PressureSampler::Point point;
  point.name = point_name(context, node);
  point.rank = context.plan.placement(id).rank;
  point.queues = wiring.queues_before(node);
  point.busy_s = [&context, &executors, id] { return busy_s(context, executors, id); };
  if (node.sink) {
    const RunSink& sink = sources_and_sinks.sink(id);
    point.peer = sink.sink->address();
    point.records = [&metrics = sink.metrics] { return metrics.records.value(); };
    point.connected = [&metrics = sink.metrics] { return metrics.connected.value() != 0; };
  } else {
    point.records = [counters = wiring.metrics_of_first_stage(id)] { return records_in(counters); };
  }
  return point;
}

}  // namespace

std::vector<PressureSampler::Point> pressure_points(const RunContext& context, const Wiring& wiring,
                                                    const SourcesAndSinks& sources_and_sinks,
                                                    const Executors& executors) {
  std::vector<PressureSampler::Point> points;
  for (const NodeId id : context.plan.nodes().ids()) {
    if (!context.node(id).inputs.empty()) {
      points.push_back(pressure_point(context, wiring, sources_and_sinks, executors, id));
    }
  }
  return points;
}

}  // namespace wallaroo::internal
