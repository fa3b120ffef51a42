// Finds the stages that make the event times for which windows and joins wait.

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plan/plan.hpp"

namespace wallaroo::internal {

namespace {

/// The last of the stages in front of `end` that makes event times.
const StageInfo* clock_among(const std::vector<StageInfo>& stages,
                             const std::vector<StageId>& order, std::size_t end) {
  while (end-- != 0) {
    const StageInfo& stage = stages[static_cast<std::size_t>(order[end])];
    if (stage.kind == StageKind::event_time) {
      return &stage;
    }
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> Plan::clocks_before(NodeId id, std::size_t stage) const {
  const Node& node = nodes_[static_cast<std::size_t>(id)];
  if (const StageInfo* const own = clock_among(stages_, node.stages, stage)) {
    return {own->name};
  }
  std::set<std::string> names;
  for (const EdgeId input : node.inputs) {
    const NodeId from = edges_[static_cast<std::size_t>(input)].from;
    const auto before = clocks_before(from, nodes_[static_cast<std::size_t>(from)].stages.size());
    names.insert(before.begin(), before.end());
  }
  return {names.begin(), names.end()};
}

void Plan::name_clocks() {
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    const std::vector<StageId>& stages = nodes_[id].stages;
    for (std::size_t i = 0; i < stages.size(); ++i) {
      StageInfo& stage = stages_[static_cast<std::size_t>(stages[i])];
      if (stage.kind != StageKind::window && stage.kind != StageKind::join) {
        continue;
      }
      if (const auto names = clocks_before(static_cast<NodeId>(id), i); !names.empty()) {
        stage.clocks = fmt::format("'{}'", fmt::join(names, "' and '"));
      }
    }
  }
}

}  // namespace wallaroo::internal
