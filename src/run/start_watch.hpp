// Notices when a run is ready, and lets its sources read.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "metrics/engine_metrics.hpp"
#include "run/executor.hpp"

namespace wallaroo::internal {

/// How far the start of a run has come. Written by the watch, read by any thread.
struct StartState {
  std::atomic<bool> ready{false};     ///< all executors run, and all sinks have been connected
  std::atomic<bool> may_read{false};  ///< sources may read
};

/// Looks at sinks and checkpoints every few milliseconds, on the first executor's loop, until
/// sources may read.
///
///     starting --all executors run, all sinks are connected--> ready --checkpoint--> reading
///
/// A run that takes no checkpoints, or goes on from one, needs no other before its sources read.
class StartWatch {
 public:
  struct Conditions {
    std::function<bool()> running;        ///< all executors run
    std::vector<const Presence*> sinks;   ///< must be connected at the same time
    std::function<bool()> checkpointed;   ///< no checkpoint is missing before sources may read
    std::function<void()> on_ready = {};  ///< called once, at the first of these moments
  };

  /// The arguments must outlive the watch. Call `begin` before the executors run.
  StartWatch(Conditions conditions, StartState& state, const Executors& executors)
      : conditions_(std::move(conditions)), state_(state), executors_(executors) {}
  void begin() { look_later(std::chrono::milliseconds(0)); }

 private:
  void look_later(std::chrono::milliseconds delay);
  void look();
  bool all_connected() const;
  void let_sources_read();

  const Conditions conditions_;
  StartState& state_;
  const Executors& executors_;
};

}  // namespace wallaroo::internal
