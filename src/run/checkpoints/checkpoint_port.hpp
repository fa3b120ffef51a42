// Where tasks put their part of a checkpoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "checkpoint/store/manifest.hpp"
#include "source/connector.hpp"

namespace wallaroo::internal {

/// What tasks tell the checkpointer; from any executor's thread. Numbers are those of checkpoints,
/// what comes for one that is over is dropped.
class CheckpointPort {
 public:
  virtual ~CheckpointPort() = default;

  /// A block of state may be handed over. When not, the executor is woken once there is room.
  virtual bool has_room() = 0;
  virtual void save_block(std::uint64_t number, StateBlock block) = 0;
  virtual void save_instance(std::uint64_t number, ManifestInstance instance) = 0;
  /// Of one executor's share of the source, by the source's index in the plan.
  virtual void save_positions(std::uint64_t number, std::size_t source,
                              std::vector<SourcePosition> positions, bool ended) = 0;
  /// Everything of this task was handed over, or it met the barrier on all its inputs.
  virtual void task_saved(std::uint64_t number, std::size_t task) = 0;

  virtual void sink_prepared(std::uint64_t number, std::size_t sink, std::string vote) = 0;
  virtual void sink_committed(std::uint64_t number, std::size_t sink) = 0;
  virtual void roll_back(std::string reason) = 0;

  /// All tasks of an executor have ended; once.
  virtual void executor_ended(int executor) = 0;
};

/// A task's own end of the port.
struct CheckpointSlot {
  CheckpointPort* port = nullptr;  ///< null: no checkpoints are taken
  std::size_t task = 0;
};

}  // namespace wallaroo::internal
