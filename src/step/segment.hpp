// A chain of fused stages on one executor, as the executor sees it.
#pragma once

#include <cstdint>
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

/// A stage of a segment that keeps something.
struct KeptState {
  StageRuntime* stage;
  StageState* state;
};

/// Everything between two queues: takes batches from one, runs the stages record by record in one
/// loop, and appends what comes out to the open batches of the next queues.
class Segment {
 public:
  Segment() = default;
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  virtual ~Segment() = default;

  /// Consumes all records of a data batch. Throws StageError when a stage's policy says stop; so do
  /// `fire` and `on_time`.
  virtual void process(Batch& input) = 0;
  /// The watermark of the input now; never goes back. What it makes due is done by `fire`.
  virtual void set_watermark(Watermark watermark) = 0;
  /// Does a part of what is due (windows to fire, timers); true when more is left.
  virtual bool fire() = 0;
  /// Records of the last batch wait in it until what is due before them has fired: `fire` is to be
  /// called, and no further batch must be processed until this is false. A barrier waits, too.
  virtual bool waiting() const = 0;
  /// Processing time has reached `due_ns`, the engine time at which something waits for it.
  virtual void on_time(std::int64_t now_ns) = 0;
  virtual std::int64_t due_ns() const = 0;
  /// For `gap_ns` of processing time input could not be read: nobody was silent then.
  virtual void skip_time(std::int64_t gap_ns) = 0;
  /// A partition of the source that starts this segment has appeared, or will give nothing more.
  /// A bounded one is never idle: its records are there, and come when its source reads them.
  virtual void open_partition(std::uint64_t partition, bool bounded = false) = 0;
  virtual void end_partition(std::uint64_t partition) = 0;
  /// See BatchReceiver.
  virtual void leave_partition(std::uint64_t partition) = 0;
  virtual void forget_partition(std::uint64_t partition) = 0;
  /// The input has ended, and with it all its partitions: what they held back does so no longer.
  virtual void end_partitions() = 0;
  /// A step here makes watermarks of event times, from one clock for each partition.
  virtual bool has_event_time() const = 0;
  /// The partition whose clock holds the watermark of that step back.
  virtual std::optional<std::uint64_t> partition_behind() const = 0;
  /// Sends open output batches: those whose consumer waits, or all of them.
  virtual void flush(bool everything) = 0;
  /// Once, after the last batch and before the last flush.
  virtual void finish() = 0;
  /// What a checkpoint holds of the stages here; of those that keep nothing, nothing.
  virtual std::vector<KeptState> states() = 0;
};

/// What a segment is made from on an executor; all of it outlives the segment.
struct SegmentContext {
  const Clock& clock;
  const Log& log;
  std::int64_t wall_offset_ns = 0;  ///< engine time + this = nanoseconds since the Unix epoch
  std::vector<Outlet*> outlets;     ///< of the segment's output edges, in their order
  Outlet* dead_letters = nullptr;
  std::map<int, StageRuntime*> stages;  ///< by stage number
  OncePerStage* once = nullptr;         ///< null: every executor says it
  /// A producer that has not told the time for longer may not have been able to send anything.
  /// Sources, which look for themselves, have none.
  std::int64_t longest_news_ns = end_of_time;
};

}  // namespace wallaroo::internal
