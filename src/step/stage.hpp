// A stage as the engine knows it: its name, its kind, what to do when its function fails.
#pragma once

#include <string>

#include <wallaroo/types/connector_options.hpp>

#include "metrics/engine_metrics.hpp"
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
  std::string pipeline;  ///< the name of the source it hangs on (the first one after a merge)
  StageKind kind = StageKind::computation;
  OnError on_error = OnError::stop;
  bool temporal = false;  ///< makes watermarks or waits for them
  /// Of windows and joins: the stages before it that make its event times, as "'a' and 'b'".
  std::string clocks = {};
};

/// A stage on one executor.
struct StageRuntime {
  const StageInfo* info = nullptr;
  StageMetrics metrics;
  SampledCall call{metrics.latency};           ///< of the stage's function, with a record
  SampledCall output{metrics.output_latency};  ///< that makes results, or handles a timer
  SourceMetrics* source = nullptr;  ///< of a stage that is a source
};

}  // namespace wallaroo::internal
