// Sums over what a run has counted.

#include <algorithm>
#include <utility>

#include "run/run_parts.hpp"

namespace wallaroo::internal {

RunTotals Run::totals() const {
  RunTotals totals;
  for (const auto& [id, source] : sources_) {
    RunTotals::Source sum{.name = source->name};
    for (const auto& metrics : source->metrics) {
      sum.records += metrics->records.value();
      sum.bytes += metrics->bytes.value();
      sum.bad_records += metrics->bad_records.value();
      sum.framing_errors += metrics->framing_errors.value();
    }
    totals.sources.push_back(std::move(sum));
  }
  for (const auto& [id, sink] : sinks_) {
    totals.sinks.push_back({.name = sink->name,
                            .records = sink->metrics.records.value(),
                            .bytes = sink->metrics.bytes.value(),
                            .lost = sink->metrics.records_lost.value()});
  }
  for (const StageInfo& info : plan_->stages()) {
    totals.stages.push_back(
        {.name = info.name, .kind = info.kind, .on_error = info.on_error});
  }
  for (const auto& instance : stages_) {
    RunTotals::Stage& sum = totals.stages[static_cast<std::size_t>(instance->stage)];
    const StageMetrics& metrics = instance->runtime.metrics;
    sum.records_in += metrics.records_in.value();
    sum.late += metrics.late_records.value();
    sum.dropped += metrics.dropped_records.value();
    sum.failed += metrics.errors.value();
  }
  // Callbacks are called where their records are made, and have no writer.
  for (const RunTotals::Stage& stage : totals.stages) {
    const bool counted = std::any_of(totals.sinks.begin(), totals.sinks.end(),
                                     [&](const auto& sink) { return sink.name == stage.name; });
    if (stage.kind == StageKind::sink && !counted) {
      totals.sinks.push_back({.name = stage.name, .records = stage.records_in});
    }
  }
  if (checkpointer_ != nullptr) {
    totals.checkpoints = checkpointer_->metrics().completed.value();
    totals.checkpoints_failed = checkpointer_->metrics().failed.value();
  }
  return totals;
}

}  // namespace wallaroo::internal
