#include "run/outside/pushed_metrics.hpp"

#include <cstdint>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace wallaroo::internal {

namespace {

using Instances = std::vector<const StageMetrics*>;

bool is_computation(StageKind kind) {
  return kind != StageKind::source && kind != StageKind::key_by && kind != StageKind::sink;
}

CounterSum records_of(const Instances& instances) {
  CounterSum records;
  for (const StageMetrics* const metrics : instances) {
    records.push_back(&metrics->records_in);
  }
  return records;
}

/// How long the function of a stage takes. The engine times some of its calls.
PushSource computation(PushName about, const Instances& instances) {
  PushSource pushed{std::move(about), {}, records_of(instances)};
  for (const StageMetrics* const metrics : instances) {
    pushed.durations.push_back(&metrics->latency);
  }
  return pushed;
}

/// The total time from the source to the sinks, by pipeline.
using Totals = std::map<std::string, std::vector<const LatencyHistogram*>>;

Totals totals_by_pipeline(const RunContext& context, const SourcesAndSinks& sources_and_sinks) {
  Totals totals;
  for (const auto& [node, sink] : sources_and_sinks.sinks()) {
    const StageInfo& stage = context.stage(context.node(node).stages.front());
    totals[stage.pipeline].push_back(&sink->metrics.latency);
  }
  return totals;
}

}  // namespace

std::vector<PushSource> pushed_metrics(const RunContext& context, const Wiring& wiring,
                                       const SourcesAndSinks& sources_and_sinks,
                                       const std::string& worker) {
  std::vector<PushSource> pushed;
  for (const auto& [node, source] : sources_and_sinks.sources()) {
    const StageId stage = context.node(node).stages.front();
    const Instances instances = wiring.metrics_of(stage);
    const std::string& pipeline = context.stage(stage).pipeline;
    pushed.push_back(
        {{source->name + " source", "pipeline-ingestion", pipeline, 0}, {}, records_of(instances)});
    if (context.node(node).takes_frames) {
      const std::string name = fmt::format("Decode Time in {}", source->source->kind());
      pushed.push_back(computation({name, "computation", pipeline, 1}, instances));
    }
  }
  std::map<std::string, std::uint16_t> positions;  // in each pipeline; the decoder has the first
  for (const StageId id : context.plan.stages().ids()) {
    const StageInfo& stage = context.stage(id);
    if (is_computation(stage.kind)) {
      const auto position = static_cast<std::uint16_t>(2 + positions[stage.pipeline]++);
      pushed.push_back(computation({stage.name, "computation", stage.pipeline, position},
                                   wiring.metrics_of(id)));
    }
  }
  for (const auto& [pipeline, durations] : totals_by_pipeline(context, sources_and_sinks)) {
    pushed.push_back({{pipeline, "start-to-end", pipeline, 0}, durations, {}});
    pushed.push_back({{worker, "node-ingress-egress", pipeline, 0}, durations, {}});
  }
  return pushed;
}

}  // namespace wallaroo::internal
