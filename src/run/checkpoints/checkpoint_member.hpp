// What the leader of checkpoints and the workers that take part in them say to each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/protocol/coordinator.hpp"
#include "checkpoint/store/manifest.hpp"
#include "checkpoint/store/state_file.hpp"
#include "run/task/task.hpp"
#include "state/stage_state.hpp"

namespace wallaroo::internal {

/// A worker, as the leader sees it. Orders are carried out later, and answered by
/// CheckpointReports. Called on the leader's thread.
class CheckpointMember {
 public:
  virtual ~CheckpointMember() = default;

  /// All tasks shall save (answer: `member_saved` or `member_failed`).
  virtual void begin(const CheckpointBegin& begin) = 0;
  /// The writers of sinks shall prepare (answer: `sink_prepared` of each, or `roll_back`).
  virtual void prepare(std::uint64_t number) = 0;
  /// The checkpoint is complete, and the writers of sinks shall commit (answer: `sink_committed`).
  virtual void commit(std::uint64_t number) = 0;
  /// It is committed: sources acknowledge it.
  virtual void complete(std::uint64_t number) = 0;
  /// It has failed.
  virtual void abandon(std::uint64_t number) = 0;
  /// What is known of how far the worker is with saving.
  virtual SavingProgress progress() const = 0;
};

/// Everything that a worker has saved for a checkpoint. Its file is durable.
struct MemberSaved {
  SavedState state;
  /// By stage and part: the groups that are saved in this checkpoint itself.
  std::map<std::pair<std::uint32_t, std::uint16_t>, KeyGroups> groups;
  std::vector<ManifestInstance> instances;
  std::vector<ManifestSource> sources;  ///< all of the plan, with the positions of this worker
};

/// What workers tell their leader. `member` is their index. Answers about a checkpoint that is over
/// are ignored.
class CheckpointReports {
 public:
  virtual ~CheckpointReports() = default;

  virtual void member_saved(std::size_t member, std::uint64_t number, MemberSaved saved) = 0;
  /// State could not be written.
  virtual void member_failed(std::uint64_t number, std::string reason) = 0;
  virtual void sink_prepared(std::uint64_t number, std::size_t sink, std::string vote) = 0;
  virtual void sink_committed(std::uint64_t number, std::size_t sink) = 0;
  virtual void roll_back(std::string reason) = 0;
  /// All tasks of the worker are quiet. Called once by each.
  virtual void member_quiet(std::size_t member) = 0;
};

}  // namespace wallaroo::internal
