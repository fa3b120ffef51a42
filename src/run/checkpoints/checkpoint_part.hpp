// One worker's part in the checkpoints of a job.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "checkpoint/store/store.hpp"
#include "run/checkpoints/checkpoint_loop.hpp"
#include "run/checkpoints/checkpoint_member.hpp"
#include "run/checkpoints/checkpoint_observer.hpp"
#include "run/checkpoints/checkpoint_port.hpp"
#include "run/executor.hpp"

namespace wallaroo::internal {

/// The parts of a run of one worker, as far as checkpoints are concerned. Tasks are known by their
/// index in `task_names`.
struct PartPlan {
  std::vector<Executor*> executors;
  std::vector<int> sink_executors;  ///< those that have writers of sinks
  std::vector<std::string> task_names;
  std::vector<std::string> sources;  ///< all of the plan
  std::uint64_t generation = 0;
  std::uint32_t member = 0;  ///< the worker's index in its generation
};

/// Writes the data file of its worker: tasks hand it what they save, and it reports to the leader
/// when all have. It passes the leader's orders on to the tasks, and the answers of sinks to the
/// leader. Calls of the port come from any thread; everything else happens on the loop's.
class CheckpointPart final : public CheckpointPort, public CheckpointMember {
 public:
  CheckpointPart(CheckpointLoop& loop, const Log& log) : loop_(loop), log_(log) {}

  /// The observer must outlive this; null: nobody is told.
  void observe(CheckpointObserver* observer) { observer_ = observer; }
  /// Call before anything else.
  void prepare_for(PartPlan plan) { plan_ = std::move(plan); }
  /// Call before the first order. Both must outlive this.
  void open(CheckpointStore& store, CheckpointReports& reports);

  void begin(const CheckpointBegin& begin) override;
  void prepare(std::uint64_t number) override;
  void commit(std::uint64_t number) override;
  void complete(std::uint64_t number) override;
  void abandon(std::uint64_t number) override;
  SavingProgress progress() const override;

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
  /// A checkpoint that is being saved.
  struct Draft {
    std::uint64_t number = 0;  ///< 0: there is none
    std::unique_ptr<StateFile> file;
    MemberSaved saved;
    std::vector<char> missing;  ///< [task]: it has not saved yet
    std::size_t tasks_left = 0;
  };

  bool drafting(std::uint64_t number) const {
    return draft_.number == number && draft_.file != nullptr;
  }
  void write(std::uint64_t number, StateBlock& block);
  void add_task(std::uint64_t number, std::size_t task);
  void make_durable();
  void fail(const std::string& reason);
  void tell_tasks(std::function<void(Task&)> action);
  void tell_sinks(std::function<void(Task&)> action);
  void wake_waiting();

  // Constant once executors run.
  CheckpointLoop& loop_;
  const Log& log_;
  PartPlan plan_;
  CheckpointStore* store_ = nullptr;
  CheckpointReports* reports_ = nullptr;
  CheckpointObserver* observer_ = nullptr;
  // Only on the loop's thread.
  Draft draft_;
  std::size_t ended_executors_ = 0;
  // Atomic.
  std::atomic<std::size_t> queued_bytes_{0};  ///< blocks of state that the loop has not written
  std::atomic<bool> somebody_waits_{false};   ///< for room, see `has_room`
};

}  // namespace wallaroo::internal
