// One run of a plan in this process: executors, the queues between them, sources and sinks.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <wallaroo/types/outcome.hpp>

#include "checkpoint/store/store.hpp"
#include "metrics/registry.hpp"
#include "plan/plan.hpp"
#include "run/checkpoints/checkpointer.hpp"
#include "run/checkpoints/state_keeper.hpp"
#include "run/executor.hpp"
#include "run/pressure/pressure_sampler.hpp"
#include "run/run_totals.hpp"
#include "step/once_per_stage.hpp"

namespace wallaroo::internal {

/// Lets a test harness put its own ends in place of the configured ones; null keeps those.
struct Substitutes {
  std::function<std::unique_ptr<Source>(const std::string& name, const Node& node)> source;
  std::function<std::unique_ptr<ByteSink>(const std::string& name)> sink;
};

class Run;

struct RunOptions {
  std::string application;
  std::map<std::string, std::string> addresses;           ///< by source or sink name
  std::map<std::string, std::vector<std::string>> paths;  ///< by source name
  Substitutes substitutes;
  /// Where checkpoints are kept, and how; null: none are taken. The store must outlive the run.
  CheckpointStore* store = nullptr;
  CheckpointSettings checkpoints;
  std::string engine_version;
  std::optional<Manifest> restored;                ///< to go on from
  const CheckpointStore* restored_from = nullptr;  ///< where it is; null: in `store`
  /// Checkpoints newer than the restored one are given up.
  bool discard_newer = false;
  bool allow_dropped_state = false;
  std::shared_ptr<CheckpointMetrics> checkpoint_metrics;  ///< null: its own
  FailedCheckpoints failures = {};  ///< before a roll back
  /// Called once by the last of the threads that started, before anybody is told that the run has
  /// ended. What it throws makes the outcome a failure.
  std::function<void(const Run&)> on_end;
  /// Checkpoints are taken when they are asked for (`checkpoint_inline`).
  bool checkpoints_inline = false;
};

/// Built, then opened, then either started (a thread per executor) or stepped by hand.
class Run {
 public:
  /// `clock` and `log` must outlive the run.
  Run(std::shared_ptr<const Plan> plan, RunOptions options, const Clock& clock, const Log& log);
  ~Run();

  /// Opens every source and sink, and builds the tasks. Throws IoError or ConfigError.
  void open();
  /// Makes everything that counts readable; after `open`.
  void register_metrics(Registry& registry) const;

  /// Runs the executors on threads of their own; returns when all have started their tasks. Throws
  /// what one of those throws; then no thread runs any more.
  void start_threads();
  /// `stop` and `stop_now` may come at any time, from any thread; before the threads run they are
  /// remembered.
  void stop();
  /// Ends the executors as soon as each has finished its current batch.
  void stop_now();
  /// `open`, `start_threads` or what came between them failed: whoever waits is told, and what was
  /// opened is closed. The counters stay.
  void start_failed(const std::string& error);
  /// It has ended: closes what is open. The counters stay.
  void close();
  /// Those whose address is a port that was bound.
  std::vector<std::string> listening_sources() const;
  /// Waits until all executors have ended, at most `timeout` when given.
  std::optional<Outcome> wait(std::optional<std::chrono::nanoseconds> timeout);
  /// All executors run and no source or sink has failed.
  bool running() const;

  /// The application must go back to the last complete checkpoint: a run that has ended so is
  /// to be replaced by one that restores it. Why; nothing when it ended otherwise.
  std::optional<std::string> rolled_back() const;
  FailedCheckpoints checkpoint_failures() const;
  /// Of this run so far. From any thread.
  RunTotals totals() const;

  /// Without threads: takes a checkpoint. Throws IoError when it fails.
  void checkpoint_inline(CheckpointStore& store);
  /// Without threads: sources end, also where checkpoints are taken.
  void end_sources() { stop_executors(); }

  /// Without threads: starts the tasks, and runs until there is nothing to do at this time.
  void start_inline();
  void run_inline();
  bool done() const;

  /// Of a source or sink; throws ConfigError when there is none of that name.
  std::string address(const std::string& source_or_sink) const;

 private:
  struct StageInstance;
  struct SegmentInstance;
  struct EdgeInstance;
  struct TaskInstance;
  struct SourceInstance;
  struct SinkInstance;

  void register_stages(Registry& registry) const;
  void register_ends(Registry& registry) const;
  void register_segments(Registry& registry) const;
  void register_edges(Registry& registry) const;
  void check_addresses() const;
  void warn_of_shared_receivers() const;
  /// "127.0.0.1:7200 of sink 'totals'"
  static std::string with_address(const SinkInstance& sink);
  void set_address(SourceInstance& instance) const;
  void check_files() const;
  void stop_executors();
  void stop_running();
  void stop_executors_now();
  void join_threads();
  Outcome outcome() const;
  void make_ends();
  void open_sources();
  void recover_sinks();
  void open_sinks();
  void build_mailboxes();
  void build_segments();
  void build_segment(NodeId node, int executor);
  void build_tasks();
  std::string task_name(const Node& node) const;
  void build_task(NodeId node, int executor);
  std::unique_ptr<Task> make_source_task(SegmentInstance& segment, CheckpointSlot slot);
  SegmentInstance& segment_of(NodeId node, int executor);
  std::int64_t longest_news_ns() const;
  StageRuntime* runtime_of(StageId stage, int executor);
  bool takes_checkpoints() const {
    return options_.store != nullptr || options_.checkpoints_inline;
  }
  void number_kept_stages();
  void check_storable() const;
  void find_restored();
  void check_restored_types() const;
  void attach_keeper(SegmentInstance& segment, CheckpointSlot slot);
  void start_checkpoints();
  CheckpointPlan checkpoint_plan() const;
  void finish_checkpoints();
  void roll_back(std::string reason);
  std::vector<EdgeId> output_edges(NodeId node) const;
  std::unique_ptr<Outlet> outlet(EdgeId edge, int from);
  Inbox inbox(const Node& node, int executor);
  SegmentContext segment_context(NodeId node, int executor,
                                 std::vector<std::unique_ptr<Outlet>>& outlets);
  void run_executor(Executor& executor);
  bool start_executor(Executor& executor);
  void fail(const std::string& error);
  void executor_ended(bool finished);
  void watch_pressure();
  void sample_pressure();
  PressureSampler::Place pressure_place(NodeId node) const;
  std::vector<const Mailbox*> queues_before(const Node& node) const;
  void tell_end();

  std::shared_ptr<const Plan> plan_;
  RunOptions options_;
  const Clock& clock_;
  const Log& log_;
  /// Engine time + this = the application's clock. Taken once, so that ingest times never go back
  /// when the wall clock does.
  const std::int64_t wall_offset_ns_;

  // What tasks refer to is declared before the executors that own the tasks.
  OncePerStage once_;
  std::vector<std::unique_ptr<StageInstance>> stages_;
  std::vector<std::unique_ptr<EdgeInstance>> edges_;
  std::vector<std::unique_ptr<TaskInstance>> task_metrics_;
  std::map<NodeId, std::unique_ptr<SourceInstance>> sources_;
  std::map<NodeId, std::unique_ptr<SinkInstance>> sinks_;
  std::vector<std::unique_ptr<SegmentInstance>> segments_;
  std::vector<ManifestStage> kept_stages_;          ///< stages that keep something
  std::vector<std::string> younger_parts_;          ///< see PlanShape
  std::map<StageId, std::uint32_t> kept_stage_of_;  ///< and where they are in there
  std::optional<Restored> restored_;
  std::size_t tasks_ = 0;
  std::vector<std::string> task_names_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<PressureSampler> pressure_;  ///< on the thread of the first executor
  std::vector<std::unique_ptr<Executor>> executors_;

  std::vector<std::thread> threads_;
  mutable std::mutex ends_mutex_;  ///< of who asks for an address and who closes
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  enum class Phase { described, running, never_ran };
  Phase phase_ = Phase::described;
  bool stop_wanted_ = false;
  bool stop_now_wanted_ = false;
  int started_ = 0;
  int ending_ = 0;  ///< executors that have nothing more to do
  int ended_ = 0;
  std::exception_ptr start_error_;  ///< of the first task that could not start
  bool cut_short_ = false;          ///< an executor ended with work left
  bool failed_ = false;
  std::string error_;
  std::optional<std::string> rolled_back_;
};

}  // namespace wallaroo::internal
