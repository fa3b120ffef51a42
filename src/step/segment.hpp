// A chain of fused stages on one executor, as the executor sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "route/outlet.hpp"
#include "state/stage_state.hpp"
#include "step/stage.hpp"

namespace wallaroo::internal {

class OncePerStage;

/// A stage of a segment that has state.
struct KeptState {
  StageRuntime* stage;
  StageState* state;
  /// Runs work that saves the state, with what that needs, such as the lock of an interpreter.
  /// Null when it needs nothing.
  void (*in_scope)(const std::function<void()>& work) = nullptr;
};

/// Everything between two queues: takes batches from one, runs the stages record by record in one
/// loop, and appends the outputs to the open batches of the next queues.
class Segment {
 public:
  Segment() = default;
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  virtual ~Segment() = default;

  /// Consumes all records of a data batch. Throws StageError when a stage with the policy `stop`
  /// fails; so do `fire` and `on_time`.
  virtual void process(Batch& input) = 0;
  /// Sets the watermark of the input, which never goes back. `fire` then does what it makes due.
  virtual void set_watermark(Watermark watermark) = 0;
  /// Fires some of the windows and timers that are due. Returns true when more are left.
  virtual bool fire() = 0;
  /// True while records of the last batch wait, for timers that must fire before them or because
  /// the functions of the user are slow. Then call `fire`, and process no further batch and no
  /// barrier.
  virtual bool waiting() const = 0;
  /// True while they wait because functions are slow. Then others should have their turn before
  /// `fire` is called.
  virtual bool unfinished() const { return false; }
  /// How many records a batch should have, so that it does not take long.
  virtual std::size_t most_records() const { return max_batch_records; }
  /// Call when processing time has reached `due_ns()`.
  virtual void on_time(std::int64_t now_ns) = 0;
  /// The engine time at which something here waits for processing time; `end_of_time` for never.
  virtual std::int64_t due_ns() const = 0;
  /// Tells that input could not be read for `gap_ns` of processing time, which is no silence.
  virtual void skip_time(std::int64_t gap_ns) = 0;
  /// Tells that a partition of the source that starts this segment has appeared. A bounded
  /// partition is never idle, because its records exist and come when its source reads them.
  virtual void open_partition(std::uint64_t partition, bool bounded = false) = 0;
  /// Tells that a partition will give nothing more.
  virtual void end_partition(std::uint64_t partition) = 0;
  /// See BatchReceiver.
  virtual void leave_partition(std::uint64_t partition) = 0;
  virtual void forget_partition(std::uint64_t partition) = 0;
  /// Tells that the input has ended with all its partitions, so that none holds back the watermark.
  virtual void end_partitions() = 0;
  /// True when a step here makes watermarks from event times, with one clock for each partition.
  virtual bool has_event_time() const = 0;
  /// The partition whose clock holds back the watermark of that step.
  virtual std::optional<std::uint64_t> partition_behind() const = 0;
  /// Sends open output batches: those whose consumer waits, or all of them.
  virtual void flush(bool everything) = 0;
  /// Call once, after the last batch and before the last flush.
  virtual void finish() = 0;
  /// The states of the stages here, for checkpoints. Stages without state are left out.
  virtual std::vector<KeptState> states() = 0;
};

/// The surroundings of a segment on an executor. All of them must outlive the segment.
struct SegmentContext {
  const Clock& clock;
  const Log& log;
  std::int64_t wall_offset_ns = 0;  ///< engine time + this = nanoseconds since the Unix epoch
  std::vector<Outlet*> outlets;     ///< of the segment's output edges, in their order
  Outlet* dead_letters = nullptr;
  std::map<StageId, StageRuntime*> stages;
  OncePerStage* once = nullptr;  ///< null: every executor logs by itself
  /// If a producer has not told the time for longer than this, it may not have been able to send.
  /// Sources measure that themselves, and have no limit here.
  std::int64_t longest_news_ns = end_of_time;
};

}  // namespace wallaroo::internal
