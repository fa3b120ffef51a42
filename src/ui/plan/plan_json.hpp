// The plan as the document of /api/v1/plan.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "ui/plan/plan_view.hpp"

namespace wallaroo::internal {

/// What the document says besides the view.
struct PlanFacts {
  std::string plan_id = {};
  std::string application = {};
  std::string version = {};
  std::string worker = {};
  std::string explain = {};
  std::map<std::string, std::string> addresses = {};  ///< by source or sink
  /// How many batches the queues of an edge of the plan hold; 0 when that is not known.
  std::function<std::size_t(std::size_t edge)> capacity = {};
};

std::string render_plan(const PlanView& view, const PlanFacts& facts);

}  // namespace wallaroo::internal
