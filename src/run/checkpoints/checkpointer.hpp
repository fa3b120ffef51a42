// Takes the checkpoints of a run.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "checkpoint/protocol/coordinator.hpp"
#include "checkpoint/store/store.hpp"
#include "metrics/engine_metrics.hpp"
#include "run/checkpoints/checkpoint_observer.hpp"
#include "run/checkpoints/checkpoint_port.hpp"
#include "run/checkpoints/checkpoint_settings.hpp"
#include "run/executor.hpp"
#include "state/stage_state.hpp"

namespace wallaroo::internal {

/// The parts of a run, as far as checkpoints are concerned. Sources, sinks and tasks are known by
/// their index in these lists.
struct CheckpointPlan {
  std::string application;
  std::string engine_version;
  std::vector<Executor*> executors;
  AssignmentPtr assignment;
  std::size_t tasks = 0;
  std::vector<ManifestStage> stages;  ///< those that keep something
  std::vector<std::string> sources;
  std::vector<std::string> sinks;
  std::vector<int> sink_executors;  ///< the executor of each sink's writer
  std::int64_t wall_offset_ns = 0;  ///< engine time + this = the application's clock
  // For messages.
  std::vector<std::string> task_names;
  std::vector<std::string> sink_names;  ///< with their receivers
};

/// Called when no more checkpoints are taken, on the checkpointer's thread or in `pump`.
struct CheckpointerCallbacks {
  std::function<void()> finished;  ///< the last checkpoint is committed
  std::function<void(std::string)> failed;
  std::function<void(std::string)> roll_back;
};

/// The shell around the Coordinator: carries out its decisions on a thread of its own, and reports
/// the results to it. Calls of the port come from any thread and are queued as events.
class Checkpointer final : public CheckpointPort {
 public:
  /// `metrics` outlive it, because they go on counting after a roll back.
  Checkpointer(CheckpointSettings settings, const Clock& clock, const Log& log,
               CheckpointMetrics& metrics);
  ~Checkpointer() override;

  CheckpointMetrics& metrics() { return metrics_; }
  /// Call before `start_thread`. The observer must outlive this; null: nobody is told.
  void observe(CheckpointObserver* observer) { observer_ = observer; }

  /// Call first.
  void prepare(CheckpointPlan plan, CheckpointerCallbacks callbacks);
  /// The time to the first checkpoint begins to run. `previous` is the checkpoint that was
  /// restored; key groups that do not change are recorded as references into its files. `failures`
  /// are those of the run before a roll back.
  void open(CheckpointStore& store, std::optional<Manifest> previous, FailedCheckpoints failures);
  void start_thread();
  /// Ends the thread. A checkpoint that is being taken stays as it is. Not from the checkpointer's
  /// own thread.
  void end_thread();

  /// Takes the last checkpoint. From any thread.
  void stop();

  // Without a thread.

  /// Begins a checkpoint.
  void begin_now();
  /// Handles the events that have come; true while a checkpoint is being taken.
  bool pump();

  /// From any thread.
  FailedCheckpoints failures() const { return {failures_, last_failures_}; }

  void met_barrier(std::uint64_t number) override;
  bool has_room() override;
  void save_block(std::uint64_t number, StateBlock block) override;
  void save_instance(std::uint64_t number, ManifestInstance instance) override;
  void save_positions(std::uint64_t number, std::size_t source,
                      std::vector<SourcePosition> positions, bool ended) override;
  void task_saved(std::uint64_t number, std::size_t task) override;
  void sink_prepared(std::uint64_t number, std::size_t sink, std::string vote) override;
  void sink_committed(std::uint64_t number, std::size_t sink) override;
  void roll_back(std::string reason) override;
  void executor_ended(int executor) override;

 private:
  using Event = std::function<Decisions()>;

  /// A checkpoint that is being taken.
  struct Draft {
    std::int64_t started_ns = 0;
    Manifest manifest;
    std::unique_ptr<CheckpointWriter> writer;
    /// By stage and part: the groups that are saved in this checkpoint itself.
    std::map<std::pair<std::uint32_t, std::uint16_t>, KeyGroups> saved;
  };

  void run();
  void serve();
  void post(Event event);
  std::optional<Event> next_event(std::unique_lock<std::mutex>& lock);
  void carry_out(Decisions decisions);
  Decisions carry_out(const Decision& decision);

  Decisions begin(const decide::Begin& begin);
  Decisions write(std::uint64_t number, StateBlock& block);
  void enter(std::uint64_t number, std::string_view phase);
  Decisions make_durable(std::uint64_t number);
  Decisions prepare_sinks(std::uint64_t number);
  Decisions publish(const decide::Publish& publish);
  Decisions commit_sinks(std::uint64_t number);
  void acknowledge(std::uint64_t number);
  void abandon(const decide::Abandon& abandon);
  void carry_over_unchanged();
  void tell_tasks(std::function<void(Task&)> action);
  void tell_sinks(std::function<void(Task&)> action);
  void wake_waiting();
  bool drafting(std::uint64_t number) const {
    return draft_.writer != nullptr && draft_.manifest.number == number;
  }

  // Constant once the thread runs.
  CheckpointSettings settings_;
  const Clock& clock_;
  const Log& log_;
  CheckpointPlan plan_;
  CheckpointerCallbacks callbacks_;
  CheckpointStore* store_ = nullptr;
  CheckpointObserver* observer_ = nullptr;
  // Written by the checkpointer's thread, read by any with relaxed loads (counters).
  CheckpointMetrics& metrics_;
  // Only on the checkpointer's thread.
  std::optional<Coordinator> coordinator_;
  std::optional<Manifest> previous_;  ///< the last complete checkpoint
  bool previous_is_ours_ = false;     ///< taken in this run, so its stages are numbered alike
  Draft draft_;
  std::size_t ended_executors_ = 0;
  // Atomic.
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> last_failures_{0};
  std::atomic<std::size_t> queued_bytes_{0};  ///< blocks of state in `events_`
  std::atomic<bool> somebody_waits_{false};   ///< for room, see `has_room`
  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> events_;
  bool ending_ = false;
  // Only on the thread that begins and closes the run.
  std::thread thread_;
};

}  // namespace wallaroo::internal
