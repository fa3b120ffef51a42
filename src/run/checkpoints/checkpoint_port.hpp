// Where tasks put their parts of a checkpoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "checkpoint/store/manifest.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

/// Tasks hand their parts of a checkpoint to the checkpointer. From any executor's thread. `number`
/// is that of the checkpoint; a part of a checkpoint that is over is dropped.
class CheckpointPort {
 public:
  virtual ~CheckpointPort() = default;

  /// A segment has met the barrier on all its inputs, and begins to save.
  virtual void met_barrier(std::uint64_t) {}
  /// A block of state may be handed over. If false, all executors are woken once there is room.
  virtual bool has_room() = 0;
  virtual void save_block(std::uint64_t number, StateBlock block) = 0;
  virtual void save_instance(std::uint64_t number, ManifestInstance instance) = 0;
  /// The positions of one executor's share of a source. `source` is its index in the plan.
  virtual void save_positions(std::uint64_t number, std::size_t source,
                              std::vector<SourcePosition> positions, bool ended) = 0;
  /// The task has handed over all its state, or, as a writer, everything before the barrier has
  /// passed.
  virtual void task_saved(std::uint64_t number, std::size_t task) = 0;

  // Answers of a sink's writer (see TransactionListener). `sink` is its index in the plan.
  virtual void sink_prepared(std::uint64_t number, std::size_t sink, std::string vote) = 0;
  virtual void sink_committed(std::uint64_t number, std::size_t sink) = 0;
  virtual void roll_back(std::string reason) = 0;

  /// All tasks of an executor are quiet. Called once by each executor.
  virtual void executor_ended(int executor) = 0;
};

/// A task's place at the port.
struct CheckpointSlot {
  CheckpointPort* port = nullptr;  ///< null: no checkpoints are taken
  std::size_t task = 0;
};

}  // namespace wallaroo::internal
