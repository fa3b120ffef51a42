// A stage as the engine knows it: its name, its kind, and the policy for failures.
#pragma once

#include <memory>
#include <string>

#include <wallaroo/types/connector_options.hpp>

#include "metrics/engine_metrics.hpp"
#include "step/id.hpp"
#include "step/key_sample.hpp"
#include "step/sampler.hpp"

namespace wallaroo::internal {

enum class StageKind {
  source,
  event_time,
  computation,
  state_computation,
  window,
  join,
  key_by,
  sink
};

struct StageInfo {
  std::string name;
  std::string pipeline;  ///< name of the source of its pipeline (after a merge, of the first one)
  StageKind kind = StageKind::computation;
  OnError on_error = OnError::stop;
  bool temporal = false;  ///< makes watermarks or waits for them
  /// For windows and joins: the stages that give their records event time, as "'a' and 'b'".
  std::string clocks = {};
};

/// The number of a stage among those of the application, in the order in which they were described.
using StageId = Id<StageInfo>;

/// A stage on one executor.
struct StageRuntime {
  const StageInfo* info = nullptr;
  StageMetrics metrics;
  SampledCall call{metrics.latency};           ///< calls of the stage's function with a record
  SampledCall output{metrics.output_latency};  ///< calls that make results or handle a timer
  SourceMetrics* source = nullptr;             ///< null unless the stage is a source
  std::unique_ptr<KeySample> keys = nullptr;   ///< of a stage that computes keys
};

}  // namespace wallaroo::internal
