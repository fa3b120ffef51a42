// A segment that has its outlets, and no task yet.
#pragma once

#include <memory>
#include <vector>

#include "plan/plan.hpp"
#include "run/task/segment_runner.hpp"

namespace wallaroo::internal {

/// The segment of one node on one executor. Its task takes the runner.
struct WiredSegment {
  NodeId node;
  int executor;
  SegmentRunner runner;
  Outlet* dead_letters = nullptr;  ///< one of the runner's; null: the node has none
  std::vector<KeptState> states;   ///< of the stages in it that keep something
};

using WiredSegments = std::vector<std::unique_ptr<WiredSegment>>;

}  // namespace wallaroo::internal
