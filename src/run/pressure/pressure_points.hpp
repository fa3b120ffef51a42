// The points of a run that may hold others back.
#pragma once

#include <vector>

#include "run/executor.hpp"
#include "run/pressure/pressure_sampler.hpp"
#include "run/run_options.hpp"
#include "run/sources_and_sinks.hpp"
#include "run/wiring.hpp"

namespace wallaroo::internal {

/// The segments and writers that have queues before them. All arguments must outlive the result.
std::vector<PressureSampler::Point> pressure_points(const RunContext& context, const Wiring& wiring,
                                                    const SourcesAndSinks& sources_and_sinks,
                                                    const Executors& executors);

}  // namespace wallaroo::internal
