// The checkpoints of a run: which of its state they hold, and what is restored from them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/store/manifest.hpp"
#include "metrics/registry.hpp"
#include "run/checkpoints/checkpointer.hpp"
#include "run/checkpoints/state_keeper.hpp"
#include "run/executor.hpp"
#include "run/run_options.hpp"
#include "run/run_totals.hpp"
#include "run/sources_and_sinks.hpp"
#include "run/wired_segment.hpp"

namespace wallaroo::internal {

/// Owns the checkpointer, and the mapping from the restored checkpoint to the stages of this
/// application. In a run without checkpoints it does nothing.
class RunCheckpoints {
 public:
  explicit RunCheckpoints(const RunContext& context);

  // The way to a running plan, each once and in this order, on the starting thread.

  /// Numbers the stages that keep state, and finds them in the restored checkpoint. Changes nothing
  /// outside. Throws ConfigError when a state cannot be stored, or the checkpoint does not fit the
  /// application.
  void fit(const WiredSegments& segments, const SourcesAndSinks& sources_and_sinks);
  /// With that option: removes the checkpoints that are newer than the restored one. Call before
  /// the sinks are opened, which take back what belongs to newer ones.
  void discard_newer() const;
  /// Gives the next task its number. `name` is for messages.
  CheckpointSlot add_task(std::string name);
  /// Gives the segment's keeper its states, and what to load at its start.
  void attach_keeper(WiredSegment& segment, const CheckpointSlot& slot) const;
  /// After the last task was added, and before the executors run.
  void prepare(const Executors& executors, const SourcesAndSinks& sources_and_sinks,
               CheckpointerCallbacks callbacks);
  /// With a store: checkpoints begin. Call when state was restored, for which no time is set.
  void begin();

  /// Takes the last checkpoint. After `prepare`, with a store; from any thread.
  void take_last() { checkpointer_->stop(); }
  /// Nothing more is decided, and the checkpointer's thread has ended on return.
  void end_thread();
  /// Without threads: takes a checkpoint. `serve` runs the executors until they have nothing to do.
  /// Throws IoError when the checkpoint fails.
  void take_inline(CheckpointStore& store, const std::function<void()>& serve);

  /// Where tasks and sinks put their parts; null when no checkpoints are taken.
  CheckpointPort* port() const {
    return checkpointer_ == nullptr ? nullptr : &checkpointer_->port();
  }
  FailedCheckpoints failures() const;
  /// How many are complete, over all runs.
  std::uint64_t completed() const { return metrics_ == nullptr ? 0 : metrics_->completed.value(); }
  void register_metrics(Registry& registry, const std::string& worker) const;
  void add_totals(RunTotals& totals) const;

 private:
  StageId stage_of(const KeptState& kept) const;
  void number_kept_stages(const WiredSegments& segments);
  static void check_storable(const WiredSegments& segments);
  void find_restored(const SourcesAndSinks& sources_and_sinks);
  RestoreMapping map_restored(const SourcesAndSinks& sources_and_sinks) const;
  void check_restored_types(const WiredSegments& segments) const;
  void check_restored_types(const KeptState& kept) const;
  PartPlan part_plan(const Executors& executors, const SourcesAndSinks& sources_and_sinks) const;
  LeaderPlan leader_plan(const SourcesAndSinks& sources_and_sinks) const;

  const RunContext& context_;
  // Constant once the executors run.
  std::vector<ManifestStage> kept_stages_;  ///< the stages that keep something, in the plan's order
  std::map<StageId, std::uint32_t> kept_stage_of_;  ///< the place of each in `kept_stages_`
  std::vector<std::string> younger_parts_;          ///< see PlanShape
  std::optional<Restored> restored_;
  std::vector<std::string> task_names_;
  // Shared with the runs before and after a roll back; counters.
  std::shared_ptr<CheckpointMetrics> metrics_;
  // Has its own thread, and does its own locking.
  std::unique_ptr<Checkpointer> checkpointer_;
};

}  // namespace wallaroo::internal
