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
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "checkpoint/protocol/coordinator.hpp"
#include "checkpoint/store/store.hpp"
#include "metrics/engine_metrics.hpp"
#include "run/checkpoints/checkpoint_port.hpp"
#include "run/checkpoints/checkpoint_settings.hpp"
#include "run/executor.hpp"
#include "state/stage_state.hpp"

namespace wallaroo::internal {

/// What the run consists of, as far as checkpoints are concerned.
struct CheckpointPlan {
  std::string application;
  std::string engine_version;
  std::vector<Executor*> executors;
  std::size_t tasks = 0;
  std::vector<ManifestStage> stages;
  std::vector<std::string> sources;
  std::vector<std::string> sinks;
  std::vector<int> sink_executors;
  // For messages.
  std::vector<std::string> task_names;
  std::vector<std::string> sink_names;  ///< with their receivers
  std::int64_t wall_offset_ns = 0;  ///< engine time + this = the application's clock
};

/// Called when no more checkpoints are taken, on the checkpointer's thread or in `pump`.
struct CheckpointerCallbacks {
  std::function<void()> finished;  ///< the last checkpoint is committed
  std::function<void(std::string)> failed;
  std::function<void(std::string)> roll_back;
};

/// The shell around the Coordinator: carries out what it decides, on a thread of its own, and tells
/// it what came of it. What tasks say, which is from any thread, is queued.
class Checkpointer final : public CheckpointPort {
 public:
  /// The metrics outlive it: those of the runs before a roll back count on.
  Checkpointer(CheckpointSettings settings, const Clock& clock, const Log& log,
               CheckpointMetrics& metrics);
  ~Checkpointer() override;

  CheckpointMetrics& metrics() { return metrics_; }

  /// Before anything else.
  void prepare(CheckpointPlan plan, CheckpointerCallbacks callbacks);
  /// Time begins to run. `previous`: the checkpoint that was restored; what does not change is
  /// referred to in its files. `failures`: before a roll back.
  void open(CheckpointStore& store, std::optional<Manifest> previous, FailedCheckpoints failures);
  void start_thread();
  /// Nothing more is decided; what runs is left as it is. Not from the checkpointer's own thread.
  void end_thread();

  /// Takes the last checkpoint.
  void stop();

  /// Without a thread: begins a checkpoint, and does what there is to do now. True while it runs.
  void begin_now();
  bool pump();
  FailedCheckpoints failures() const { return {failures_, last_failures_}; }

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
    /// By stage and part: the groups that it holds itself.
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

  CheckpointSettings settings_;
  const Clock& clock_;
  const Log& log_;
  CheckpointMetrics& metrics_;
  CheckpointPlan plan_;
  CheckpointerCallbacks callbacks_;
  CheckpointStore* store_ = nullptr;
  std::optional<Coordinator> coordinator_;
  std::optional<Manifest> previous_;
  bool previous_is_ours_ = false;  ///< its stages are numbered as those of this run
  Draft draft_;
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> last_failures_{0};
  std::size_t ended_executors_ = 0;

  std::atomic<std::size_t> queued_bytes_{0};
  std::atomic<bool> somebody_waits_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> events_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace wallaroo::internal
