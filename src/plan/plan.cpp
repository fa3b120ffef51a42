#include "plan/plan.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <wallaroo/types/error.hpp>

#include "base/current_error.hpp"
#include "base/option_check.hpp"
#include "route/key_group.hpp"

namespace wallaroo::internal {

std::string_view name_of(StageKind kind) {
  switch (kind) {
    case StageKind::source:
      return "source";
    case StageKind::event_time:
      return "event time";
    case StageKind::computation:
      return "computation";
    case StageKind::state_computation:
      return "state";
    case StageKind::window:
      return "window";
    case StageKind::join:
      return "join";
    case StageKind::key_by:
      return "key_by";
    case StageKind::sink:
      return "sink";
  }
  return "";
}

namespace {

std::string_view name_of(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::forward:
      return "forward (same executor)";
    case EdgeKind::exchange:
      return "exchange (by key)";
    case EdgeKind::gather:
      return "gather (to one executor)";
  }
  return "";
}

}  // namespace

Plan::Plan(const std::shared_ptr<const Graph>& graph, int executors)
    : executors_(executors), uses_time_(graph->uses_time()) {
  if (const auto mistakes = graph->mistakes(); !mistakes.empty()) {
    throw ConfigError(
        fmt::format("the application cannot run:\n  - {}", fmt::join(mistakes, "\n  - ")));
  }
  OptionCheck("").range("the number of executors", executors, 1, key_group_count);
  stages_ = graph->stages();
  copy_nodes(*graph);
  edges_ = graph->edges();
  placements_.resize(nodes_.size());
  dead_letter_edges_.assign(nodes_.size(), -1);
  connect_dead_letters();
  place();
  name_clocks();
}

void Plan::copy_nodes(const Graph& graph) {
  nodes_.reserve(graph.nodes().size());
  for (const Node& node : graph.nodes()) {
    try {
      nodes_.push_back(node);
    } catch (...) {
      // The node holds functions of the user, which may throw when they are copied.
      throw StageError(
          fmt::format("stages {} cannot be made: {}", names_of_stages(node), current_error()));
    }
  }
}

std::string Plan::names_of_stages(const Node& node) const {
  std::vector<std::string> names;
  for (const StageId stage : node.stages) {
    names.push_back(stages_[static_cast<std::size_t>(stage)].name);
  }
  return fmt::format("'{}'", fmt::join(names, "', '"));
}

void Plan::connect_dead_letters() {
  const auto receiver = std::find_if(nodes_.begin(), nodes_.end(),
                                     [](const Node& node) { return node.dead_letters; });
  if (receiver == nodes_.end()) {
    return;
  }
  const auto to = static_cast<NodeId>(receiver - nodes_.begin());
  for (std::size_t from = 0; from < nodes_.size(); ++from) {
    const bool makes_some =
        std::any_of(nodes_[from].stages.begin(), nodes_[from].stages.end(), [&](StageId stage) {
          return stages()[static_cast<std::size_t>(stage)].on_error == OnError::dead_letter;
        });
    if (makes_some && !nodes_[from].sink) {
      const auto edge = static_cast<EdgeId>(edges_.size());
      edges_.push_back({EdgeKind::gather, static_cast<NodeId>(from), to});
      nodes_[static_cast<std::size_t>(to)].inputs.push_back(edge);
      dead_letter_edges_[from] = edge;
    }
  }
}

// Visits nodes in topological order (the builder cannot make a cycle), so a node's inputs are
// placed before it is.
void Plan::place() {
  std::vector<int> unplaced_inputs(nodes_.size());
  std::vector<NodeId> ready;
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    unplaced_inputs[id] = static_cast<int>(nodes_[id].inputs.size());
    if (unplaced_inputs[id] == 0) {
      ready.push_back(static_cast<NodeId>(id));
    }
  }
  int singles = 0;
  for (std::size_t next = 0; next < ready.size(); ++next) {
    const NodeId id = ready[next];
    const Node& node = nodes_[static_cast<std::size_t>(id)];
    Placement& placement = placements_[static_cast<std::size_t>(id)];
    bool gathered = false;
    bool only_from_singles = !node.inputs.empty();
    for (const EdgeId input : node.inputs) {
      const Edge& edge = edges_[static_cast<std::size_t>(input)];
      const Placement& before = placements_[static_cast<std::size_t>(edge.from)];
      placement.rank = std::max(placement.rank, before.rank + 1);
      gathered = gathered || edge.kind == EdgeKind::gather;
      // A forward edge does not cross executors, so a producer on every executor needs a consumer
      // there.
      const Placement& first = placements_[static_cast<std::size_t>(
          edges_[static_cast<std::size_t>(node.inputs.front())].from)];
      only_from_singles = only_from_singles && edge.kind == EdgeKind::forward &&
                          !before.everywhere && before.executor == first.executor;
    }
    if (gathered || (node.dead_letters && node.inputs.empty())) {
      placement.everywhere = false;
      // Starts with the last executor: the first one accepts connections and reads most sources.
      placement.executor = executors_ - 1 - singles++ % executors_;
    } else if (only_from_singles) {
      const Edge& first = edges_[static_cast<std::size_t>(node.inputs.front())];
      placement.everywhere = false;
      placement.executor = placements_[static_cast<std::size_t>(first.from)].executor;
    }
    auto outputs = node.outputs;
    if (dead_letter_edge(id) >= 0) {
      outputs.push_back(dead_letter_edge(id));
    }
    for (const EdgeId output : outputs) {
      const NodeId to = edges_[static_cast<std::size_t>(output)].to;
      if (--unplaced_inputs[static_cast<std::size_t>(to)] == 0) {
        ready.push_back(to);
      }
    }
  }
}

// The last stages that records passed before they entered the node.
std::vector<std::string> Plan::last_stages_before(NodeId id) const {
  std::vector<std::string> names;
  for (const EdgeId input : nodes_[static_cast<std::size_t>(id)].inputs) {
    const NodeId from = edges_[static_cast<std::size_t>(input)].from;
    const Node& before = nodes_[static_cast<std::size_t>(from)];
    const auto found =
        before.stages.empty()
            ? last_stages_before(from)
            : std::vector{stages_[static_cast<std::size_t>(before.stages.back())].name};
    for (const std::string& name : found) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
      }
    }
  }
  return names;
}

std::string Plan::describe_stages(NodeId id) const {
  const Node& node = nodes_[static_cast<std::size_t>(id)];
  if (node.stages.empty()) {
    const Edge& first = edges_[static_cast<std::size_t>(node.inputs.front())];
    const char* const what = node.inputs.size() > 1           ? "merge"
                             : first.kind == EdgeKind::gather ? "collect"
                                                              : "pass-through";
    return fmt::format("{} of {}", what, fmt::join(last_stages_before(id), " and "));
  }
  std::vector<std::string> texts;
  for (const StageId stage : node.stages) {
    const StageInfo& info = stages()[static_cast<std::size_t>(stage)];
    texts.push_back(fmt::format("{} [{}]", info.name, name_of(info.kind)));
  }
  return fmt::format("{}", fmt::join(texts, " -> "));
}

std::string Plan::describe_node(NodeId id) const {
  const Node& node = nodes_[static_cast<std::size_t>(id)];
  const Placement& where = placement(id);
  std::string text =
      fmt::format("  {} {}: {}\n", node.sink ? "writer " : "segment", id, describe_stages(id));
  text += where.everywhere ? fmt::format("    runs on every executor ({})\n", executors_)
                           : fmt::format("    runs on executor {} only\n", where.executor);
  if (node.stages.size() > 1 && !node.sink) {
    text += fmt::format("    fused: {} stages in one loop\n", node.stages.size());
  }
  for (const EdgeId output : node.outputs) {
    const Edge& edge = edges_[static_cast<std::size_t>(output)];
    text += fmt::format("    => {} {}: {}\n",
                        nodes_[static_cast<std::size_t>(edge.to)].sink ? "writer" : "segment",
                        edge.to, name_of(edge.kind));
  }
  if (const EdgeId edge = dead_letter_edge(id); edge >= 0) {
    text +=
        fmt::format("    => segment {}: dead letters\n", edges_[static_cast<std::size_t>(edge)].to);
  }
  return text;
}

std::string Plan::explain(const std::string& application) const {
  std::string text = fmt::format("application {}: {} executor{}, {} key groups\n", application,
                                 executors_, executors_ == 1 ? "" : "s", key_group_count);
  std::vector<NodeId> order(nodes_.size());
  for (std::size_t id = 0; id < order.size(); ++id) {
    order[id] = static_cast<NodeId>(id);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](NodeId a, NodeId b) { return placement(a).rank < placement(b).rank; });
  for (const NodeId id : order) {
    text += describe_node(id);
  }
  return text;
}

}  // namespace wallaroo::internal
