// Finds the stages that make the event times for which windows and joins wait.

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plan/plan.hpp"

namespace wallaroo::internal {

namespace {

/// The last of the stages in front of `end` that makes event times.
const StageInfo* clock_among(const IndexedBy<StageId, StageInfo>& stages,
                             const std::vector<StageId>& order, std::size_t end) {
  while (end-- != 0) {
    const StageInfo& stage = stages[order[end]];
    if (stage.kind == StageKind::event_time) {
      return &stage;
    }
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> Plan::clocks_before(NodeId id, std::size_t stage) const {
  const Node& node = nodes_[id];
  if (const StageInfo* const own = clock_among(stages_, node.stages, stage)) {
    return {own->name};
  }
  std::set<std::string> names;
  for (const EdgeId input : node.inputs) {
    const NodeId from = edges_[input].from;
    const auto before = clocks_before(from, nodes_[from].stages.size());
    names.insert(before.begin(), before.end());
  }
  return {names.begin(), names.end()};
}

void Plan::name_clocks() {
  for (const NodeId id : nodes_.ids()) {
    const std::vector<StageId>& stages = nodes_[id].stages;
    for (std::size_t i = 0; i < stages.size(); ++i) {
      StageInfo& stage = stages_[stages[i]];
      if (stage.kind != StageKind::window && stage.kind != StageKind::join) {
        continue;
      }
      if (const auto names = clocks_before(id, i); !names.empty()) {
        stage.clocks = fmt::format("'{}'", fmt::join(names, "' and '"));
      }
    }
  }
}

}  // namespace wallaroo::internal
