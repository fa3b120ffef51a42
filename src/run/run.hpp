// One run of a plan in this process.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <wallaroo/types/outcome.hpp>

#include "metrics/registry.hpp"
#include "plan/plan.hpp"
#include "run/checkpoints/run_checkpoints.hpp"
#include "run/executor_threads.hpp"
#include "run/outside/pushed_metrics.hpp"
#include "run/outside/state_keys.hpp"
#include "run/pressure/pressure_sampler.hpp"
#include "run/run_options.hpp"
#include "run/run_totals.hpp"
#include "run/sources_and_sinks.hpp"
#include "run/start_watch.hpp"
#include "run/wiring.hpp"

namespace wallaroo::internal {

/// From the opening of sources and sinks to the end of all executors. A process has one at a time,
/// and another one after each roll back. Call `open`, then either `start_threads`, or the functions
/// with `inline` in their names, which serve the executors on the caller's thread. Each part does
/// its own locking.
class Run {
 public:
  /// `clock` and `log` must outlive the run.
  Run(std::shared_ptr<const Plan> plan, RunOptions options, const Clock& clock, const Log& log);
  /// Ends what still runs, at once.
  ~Run();

  /// Opens every source and sink, and makes the tasks. Throws IoError, ConfigError or StageError.
  void open();
  /// After `open`: makes everything that counts readable.
  void register_metrics(Registry& registry) const;
  /// After `open`: the histograms that are pushed to a receiver. They refer to the run's counters.
  std::vector<PushSource> pushed_metrics(const std::string& worker) const {
    return internal::pushed_metrics(context_, wiring_, sources_and_sinks_, worker);
  }

  /// Runs the executors on threads of their own. Returns when all have started their tasks. Throws
  /// what a task throws that cannot start; then no thread runs any more.
  void start_threads();
  /// Sources take no more input, and what was read is drained; with a store the last checkpoint is
  /// taken instead. From any thread, at any time: before the threads run it is remembered, and so
  /// is `stop_now`.
  void stop() { threads_.stop(); }
  /// Ends the executors as soon as each has finished its current batch.
  void stop_now() { threads_.stop_now(); }
  /// `open`, `start_threads` or something between them failed. Tells whoever waits, and closes what
  /// was opened. The counters stay.
  void start_failed(const std::string& error);
  /// Call when the run has ended. Closes what is open. The counters stay.
  void close();

  /// Waits until all executors have ended, at most `timeout` when given; nothing after that time.
  std::optional<Outcome> wait(std::optional<std::chrono::nanoseconds> timeout);
  /// Returns the keys for which there is state, as far as executors answer within `limit`; empty
  /// when they do not run. From any thread but theirs.
  StateKeys state_keys(std::chrono::nanoseconds limit) const {
    return running() ? gather_state_keys(threads_.executors(), limit) : StateKeys{};
  }
  /// After `open`: what every key_by samples. It lives as long as the run; any thread may read it.
  std::vector<SampledKeys> sampled_keys() const { return wiring_.sampled_keys(); }
  /// All executors run, and no source or sink has failed.
  bool running() const { return threads_.running(); }
  /// `running`, and sources may read.
  bool reading() const {
    return running() && (!options_.hold_sources || start_state_.may_read.load());
  }
  /// Why the application must go back to the last complete checkpoint, by another run that restores
  /// it. No value when this run ended otherwise.
  std::optional<std::string> rolled_back() const { return threads_.rolled_back(); }
  FailedCheckpoints checkpoint_failures() const { return checkpoints_.failures(); }
  /// Returns what this run has counted so far. From any thread.
  RunTotals totals() const;

  /// From any thread. Throws ConfigError when no open source or sink has that name.
  std::string address(const std::string& source_or_sink) const {
    return sources_and_sinks_.address(source_or_sink);
  }
  /// The sources whose address is a port that was bound.
  std::vector<std::string> listening_sources() const {
    return sources_and_sinks_.listening_sources();
  }

  // Without threads.

  /// Starts the tasks.
  void start_inline() { threads_.start_inline(); }
  /// Serves the executors until there is nothing to do at this time.
  void run_inline() { threads_.run_inline(); }
  /// Takes a checkpoint. Throws IoError when it fails.
  void checkpoint_inline(CheckpointStore& store);
  /// Sources end, also where checkpoints are taken.
  void end_sources() { threads_.stop_tasks(); }

 private:
  ExecutorThreads::Hooks hooks();
  CheckpointerCallbacks checkpointer_callbacks();
  void stop_running();
  void sample_pressure();
  void watch_start();

  // Constant after construction.
  const std::shared_ptr<const Plan> plan_;
  const RunOptions options_;
  // Written by the first executor.
  StartState start_state_;
  // Constant after construction.
  const RunContext context_;
  // Parts know those before them. The executors, which own the tasks, are destroyed first, because
  // tasks refer to all other parts.
  SourcesAndSinks sources_and_sinks_;
  RunCheckpoints checkpoints_;
  Wiring wiring_;
  // Only on the first executor's thread.
  std::optional<PressureSampler> pressure_;
  std::optional<StartWatch> start_watch_;
  ExecutorThreads threads_;
};

}  // namespace wallaroo::internal
