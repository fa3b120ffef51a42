// The counters of a run that are pushed to receivers of metrics.
#pragma once

#include <string>
#include <vector>

#include "metrics/push/push_series.hpp"
#include "run/run_options.hpp"
#include "run/sources_and_sinks.hpp"
#include "run/wiring.hpp"

namespace wallaroo::internal {

/// Returns the histograms that Wallaroo 0.6 pushes, for one worker of this name: how long each
/// decoder and computation takes, how many records came in, and how long records were in the
/// pipeline and on the worker. The counters stay with the parts of the run, which must outlive the
/// result.
std::vector<PushSource> pushed_metrics(const RunContext& context, const Wiring& wiring,
                                       const SourcesAndSinks& sources_and_sinks,
                                       const std::string& worker);

}  // namespace wallaroo::internal
