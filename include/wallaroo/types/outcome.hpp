// How a run of an application ended.
#pragma once

#include <string>

namespace wallaroo {

/// The result of a run.
struct Outcome {
  /// True when everything that was read has reached the sinks: the sources ended, or `stop` drained
  /// (with checkpoints: a last one holds all that was read). False after a failure, when a sink
  /// gave up its peer, or when `stop_now` left something undone.
  bool ok = true;
  std::string error;  ///< when not ok: what happened, and where
};

}  // namespace wallaroo
