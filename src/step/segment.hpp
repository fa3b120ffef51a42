// A chain of fused stages on one executor, as the executor sees it.
#pragma once

#include <map>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "route/outlet.hpp"
#include "step/stage.hpp"

namespace wallaroo::internal {

/// Everything between two queues: takes batches from one, runs the stages record by record in one
/// loop, and appends what comes out to the open batches of the next queues.
class Segment {
 public:
  Segment() = default;
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  virtual ~Segment() = default;

  /// Consumes all records of a data batch. Throws StageError when a stage's policy says stop.
  virtual void process(Batch& input) = 0;
  /// Sends open output batches: those whose consumer waits, or all of them.
  virtual void flush(bool everything) = 0;
  /// Once, after the last batch and before the last flush.
  virtual void finish() = 0;
};

/// What a segment is made from on an executor; all of it outlives the segment.
struct SegmentContext {
  const Clock& clock;
  const Log& log;
  std::vector<Outlet*> outlets;  ///< of the segment's output edges, in their order
  Outlet* dead_letters = nullptr;
  std::map<int, StageRuntime*> stages;  ///< by stage number
};

}  // namespace wallaroo::internal
