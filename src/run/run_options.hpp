// What the engine says about a run before it begins.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "checkpoint/store/store.hpp"
#include "metrics/engine_metrics.hpp"
#include "plan/plan.hpp"
#include "route/key_group.hpp"
#include "run/checkpoints/checkpoint_observer.hpp"
#include "run/checkpoints/checkpoint_settings.hpp"
#include "run/place.hpp"

namespace wallaroo::internal {

class Run;

/// A test harness puts its own sources and sinks in place of the configured ones. An empty
/// function, or a source function that returns null, keeps the configured one.
struct Substitutes {
  std::function<std::unique_ptr<Source>(const std::string& name, const Node& node)> source;
  std::function<std::unique_ptr<ByteSink>(const std::string& name)> sink;
};

struct RunOptions {
  std::string application;
  std::map<std::string, std::string> addresses;           ///< by source or sink name
  std::map<std::string, std::vector<std::string>> paths;  ///< by source name
  Substitutes substitutes;
  /// Where checkpoints are kept; null: none are taken. The store must outlive the run.
  CheckpointStore* store = nullptr;
  CheckpointSettings checkpoints;
  std::string engine_version;
  std::optional<Manifest> restored;                ///< the checkpoint to go on from
  const CheckpointStore* restored_from = nullptr;  ///< the store that has it; null: `store`
  /// Removes the checkpoints that are newer than the restored one.
  bool discard_newer = false;
  /// A restore may drop the state of stages that the application no longer has.
  bool allow_dropped_state = false;
  /// The counters of checkpoints, which go on after a roll back; null: the run makes its own.
  std::shared_ptr<CheckpointMetrics> checkpoint_metrics;
  std::shared_ptr<CheckpointObserver> checkpoint_observer = nullptr;  ///< null: nobody is told
  FailedCheckpoints failures = {};  ///< of the run before a roll back
  /// Called once, by the last executor thread that ends, before `Run::wait` returns. An exception
  /// makes the outcome a failure.
  std::function<void(const Run&)> on_end;
  /// Checkpoints are taken only by `Run::checkpoint_inline`.
  bool checkpoints_inline = false;
  /// Sources read nothing until the run is ready and, when it takes checkpoints and goes on from
  /// none, until the first one is complete. Not for runs without threads.
  bool hold_sources = false;
  /// The hottest keys are looked for, so that they can be shown.
  bool collect_keys = false;
  std::size_t member = 0;  ///< which worker of the plan this is
  /// Which executor owns each key group; null: all of them evenly.
  AssignmentPtr assignment;
  /// Called once, on an executor's thread, when all executors run and all sinks are connected.
  std::function<void()> on_ready;
};

/// What the parts of a run refer to. Constant while the run lives, and outlives its parts.
struct RunContext {
  const Plan& plan;
  const RunOptions& options;
  const Clock& clock;
  const Log& log;
  /// Engine time + this = the application's clock. Computed once, because ingest times must not go
  /// back when the wall clock does.
  std::int64_t wall_offset_ns;
  const std::atomic<bool>* may_read = nullptr;  ///< false: sources wait; null: they never do
  Place place{plan.members(), options.member};
  /// Of all stages that run on every executor.
  AssignmentPtr assignment = options.assignment != nullptr
                                 ? options.assignment
                                 : assign_evenly(static_cast<std::size_t>(plan.executors()));

  const Node& node(NodeId id) const { return plan.nodes()[id]; }
  const StageInfo& stage(StageId id) const { return plan.stages()[id]; }
  /// Checkpoints are taken, into a store or by hand.
  bool takes_checkpoints() const { return options.store != nullptr || options.checkpoints_inline; }
};

}  // namespace wallaroo::internal
