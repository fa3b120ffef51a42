// Leads the checkpoints of a job.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "checkpoint/protocol/coordinator.hpp"
#include "checkpoint/store/manifest_draft.hpp"
#include "checkpoint/store/store.hpp"
#include "metrics/engine_metrics.hpp"
#include "route/key_group.hpp"
#include "run/checkpoints/checkpoint_member.hpp"
#include "run/checkpoints/checkpoint_numbers.hpp"
#include "run/checkpoints/checkpoint_observer.hpp"
#include "run/checkpoints/checkpoint_settings.hpp"

namespace wallaroo::internal {

/// A job, as far as its checkpoints are concerned. Sources and sinks are known by their index in
/// these lists.
struct LeaderPlan {
  std::string application;
  std::string engine_version;
  std::uint64_t generation = 0;
  std::vector<CheckpointMember*> workers;
  std::vector<ManifestMember> members;  ///< the same ones; none: a single process
  std::uint32_t executors = 0;          ///< of all of them
  AssignmentPtr assignment;
  std::vector<ManifestStage> stages;  ///< those that keep something
  std::vector<std::string> sources;
  std::vector<std::string> sinks;
  std::vector<std::string> sink_names;  ///< with their receivers, for messages
  std::int64_t wall_offset_ns = 0;      ///< engine time + this = the application's clock
};

/// Called when no more checkpoints are taken, on the leader's thread.
struct CheckpointerCallbacks {
  std::function<void()> finished;  ///< the last checkpoint is committed
  std::function<void(std::string)> failed;
  std::function<void(std::string)> roll_back;
};

/// The shell around the Coordinator: carries out its decisions by orders to the workers, tells it
/// what they report, and puts together and publishes what they have saved. On one thread.
class CheckpointLeader final : public CheckpointReports {
 public:
  /// `metrics` outlive it, because they go on counting after a roll back.
  CheckpointLeader(CheckpointSettings settings, const Clock& clock, const Log& log,
                   CheckpointMetrics& metrics)
      : settings_(settings), clock_(clock), log_(log), metrics_(metrics) {}

  /// The observer must outlive this; null: nobody is told.
  void observe(CheckpointObserver* observer) { observer_ = observer; }
  /// Call first.
  void prepare_for(LeaderPlan plan, CheckpointerCallbacks callbacks);
  /// The time to the first checkpoint begins to run. `previous` is the checkpoint that was
  /// restored; key groups that do not change are recorded as references into its files. `failures`
  /// are those of the run before a roll back.
  void open(CheckpointStore& store, std::unique_ptr<CheckpointNumbers> numbers,
            std::optional<Manifest> previous, FailedCheckpoints failures);

  /// When to call `on_time`; `end_of_time`: never.
  std::int64_t due_ns() const;
  void on_time();
  /// Begins a checkpoint, whatever the time is.
  void begin_now() { carry_out(coordinator_->on_time(coordinator_->next_wakeup_ns())); }
  /// Takes the last checkpoint.
  void stop() { carry_out(coordinator_->on_stop(clock_.now_ns())); }
  /// A checkpoint is being taken.
  bool busy() const {
    return coordinator_->phase() != Coordinator::Phase::idle && !coordinator_->over();
  }

  /// From any thread.
  FailedCheckpoints failures() const { return {failures_, last_failures_}; }

  void member_saved(std::size_t member, std::uint64_t number, MemberSaved saved) override;
  void member_failed(std::uint64_t number, std::string reason) override;
  void sink_prepared(std::uint64_t number, std::size_t sink, std::string vote) override;
  void sink_committed(std::uint64_t number, std::size_t sink) override;
  void roll_back(std::string reason) override;
  void member_quiet(std::size_t member) override;

 private:
  /// A checkpoint that is being taken.
  struct Draft {
    std::int64_t started_ns = 0;
    Manifest manifest;  ///< without what `state` adds
    ManifestDraft state;
    std::map<std::pair<std::uint32_t, std::uint16_t>, KeyGroups> saved;  ///< see MemberSaved
    std::uint64_t written_bytes = 0;
  };

  void carry_out(Decisions decisions);
  Decisions carry_out(const Decision& decision);
  Decisions begin(const decide::Begin& begin);
  RewriteGroups rewritten() const;
  Decisions carry_over_unchanged(std::uint64_t number);
  Decisions prepare_sinks(std::uint64_t number);
  Decisions publish(const decide::Publish& publish);
  Decisions commit_sinks(std::uint64_t number);
  void acknowledge(std::uint64_t number);
  Decisions abandon(const decide::Abandon& abandon);
  void enter(std::uint64_t number, std::string_view phase);
  void tell_failed(std::string_view outcome, const std::string& reason);
  bool drafting(std::uint64_t number) const { return draft_.manifest.number == number; }

  // Constant once it is open.
  CheckpointSettings settings_;
  const Clock& clock_;
  const Log& log_;
  LeaderPlan plan_;
  CheckpointerCallbacks callbacks_;
  CheckpointStore* store_ = nullptr;
  CheckpointObserver* observer_ = nullptr;
  // Written by the leader's thread, read by any with relaxed loads (counters).
  CheckpointMetrics& metrics_;
  // Only on the leader's thread.
  std::unique_ptr<CheckpointNumbers> numbers_;
  std::optional<Coordinator> coordinator_;
  std::optional<Manifest> previous_;  ///< the last complete checkpoint
  bool previous_is_ours_ = false;     ///< taken in this run, so its stages are numbered alike
  Draft draft_;
  std::size_t quiet_members_ = 0;
  // Atomic.
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::uint64_t> last_failures_{0};
};

}  // namespace wallaroo::internal
