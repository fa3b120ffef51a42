// A plan as the UI shows it: stages joined by edges, each with its place in a drawing.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.hpp"

namespace wallaroo::internal {

/// A stage, or a place where streams are only merged, or the encoder of a sink that has a segment
/// of its own. Its index among the nodes is its id. See docs/formats/ui-api.md.
struct ViewNode {
  std::string kind;
  std::string name;
  std::string pipeline;
  std::size_t segment = 0;  ///< number of the plan's node; of a sink, that of its writer
  std::vector<std::size_t> encoders = {};  ///< of a sink: the segments that its encoder is part of
  bool everywhere = true;
  int executor = 0;  ///< when not everywhere
  std::string on_error = {};
  int layer = 0;
  int row = 0;

  bool is_sink() const { return kind == "sink"; }
  bool is_source() const { return kind == "source"; }
  /// Its records are counted under its name. A sink that has a separate encoder is counted there.
  bool is_stage() const { return kind != "merge" && kind != "encoder"; }
};

struct ViewEdge {
  std::size_t from = 0;
  std::size_t to = 0;
  std::string kind;
  /// The number of the plan's edge; fused edges have none.
  std::optional<std::size_t> edge = std::nullopt;
};

struct PlanView {
  std::vector<ViewNode> nodes;
  std::vector<ViewEdge> edges;
  int executors = 1;

  /// The node of that stage; nothing for an unknown name.
  std::optional<std::size_t> find(std::string_view stage) const;
  /// The names of the stages of a segment, in the order in which a record meets them.
  std::vector<std::string> stages_of(std::size_t segment) const;
};

PlanView make_plan_view(const Plan& plan);

}  // namespace wallaroo::internal
