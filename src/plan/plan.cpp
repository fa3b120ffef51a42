#include "plan/plan.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <wallaroo/types/error.hpp>

#include "base/check.hpp"
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

Plan::Plan(const std::shared_ptr<const Graph>& graph, Members members)
    : members_(std::move(members)),
      executors_(members_.executors()),
      uses_time_(graph->uses_time()) {
  if (const auto mistakes = graph->mistakes(); !mistakes.empty()) {
    throw ConfigError(
        fmt::format("the application cannot run:\n  - {}", fmt::join(mistakes, "\n  - ")));
  }
  OptionCheck("").range("the number of executors", executors_, 1, key_group_count);
  stages_ = graph->stages();
  copy_nodes(*graph);
  copy_edges(*graph);
  connect_dead_letters();
  place();
  name_clocks();
}

void Plan::copy_nodes(const Graph& graph) {
  nodes_.reserve(graph.nodes().size());
  for (const Node& node : graph.nodes()) {
    try {
      nodes_.add(node);
    } catch (...) {
      // The node holds functions of the user, which may throw when they are copied.
      throw StageError(
          fmt::format("stages {} cannot be made: {}", names_of_stages(node), current_error()));
    }
  }
}

void Plan::copy_edges(const Graph& graph) {
  for (const OpenEdge& edge : graph.edges()) {
    edges_.add({edge.kind, edge.from.value(), edge.to.value(), edge.partials});
  }
}

std::string Plan::names_of_stages(const Node& node) const {
  std::vector<std::string> names;
  for (const StageId stage : node.stages) {
    names.push_back(stages_[stage].name);
  }
  return fmt::format("'{}'", fmt::join(names, "', '"));
}

void Plan::connect_dead_letters() {
  dead_letter_edges_ = {nodes_.size(), std::nullopt};
  const auto receiver = std::find_if(nodes_.begin(), nodes_.end(),
                                     [](const Node& node) { return node.dead_letters; });
  if (receiver == nodes_.end()) {
    return;
  }
  const NodeId to = nodes_.id_of(*receiver);
  for (const NodeId from : nodes_.ids()) {
    const bool makes_some =
        std::any_of(nodes_[from].stages.begin(), nodes_[from].stages.end(),
                    [&](StageId stage) { return stages_[stage].on_error == OnError::dead_letter; });
    if (makes_some && !nodes_[from].sink) {
      const EdgeId edge = edges_.add({EdgeKind::gather, from, to});
      nodes_[to].inputs.push_back(edge);
      dead_letter_edges_[from] = edge;
    }
  }
}

std::vector<EdgeId> Plan::output_edges(NodeId node) const {
  std::vector<EdgeId> edges = nodes_[node].outputs;
  if (const auto dead_letters = dead_letter_edge(node)) {
    edges.push_back(*dead_letters);
  }
  return edges;
}

/// Gives a node its executor, and remembers its name.
int Plan::home_of(NodeId single) {
  const Node& node = nodes_[single];
  std::string name = node.stages.empty() ? describe_stages(single)
                                         : std::string(stages_[node.stages.front()].name);
  const auto number = static_cast<int>(singles_.size());
  singles_.push_back(name);
  const auto home = members_.homes.find(name);
  if (home != members_.homes.end()) {
    check(home->second >= 0 && home->second < executors_, "a home is one of the executors");
    return home->second;
  }
  // Starts with the last executor: the first one accepts connections and reads most sources.
  return executors_ - 1 - number % executors_;
}

// Visits nodes in topological order (the builder cannot make a cycle), so a node's inputs are
// placed before it is.
void Plan::place() {
  placements_ = {nodes_.size(), {}};
  IndexedBy<NodeId, std::size_t> unplaced_inputs;
  std::vector<NodeId> ready;
  for (const NodeId id : nodes_.ids()) {
    unplaced_inputs.add(nodes_[id].inputs.size());
    if (nodes_[id].inputs.empty()) {
      ready.push_back(id);
    }
  }
  for (std::size_t next = 0; next < ready.size(); ++next) {
    const NodeId id = ready[next];
    const Node& node = nodes_[id];
    Placement& placement = placements_[id];
    bool gathered = false;
    bool only_from_singles = !node.inputs.empty();
    for (const EdgeId input : node.inputs) {
      const Edge& edge = edges_[input];
      const Placement& before = placements_[edge.from];
      placement.rank = std::max(placement.rank, before.rank + 1);
      gathered = gathered || edge.kind == EdgeKind::gather;
      // A forward edge does not cross executors, so a producer on every executor needs a consumer
      // there.
      const Placement& first = placements_[edges_[node.inputs.front()].from];
      only_from_singles = only_from_singles && edge.kind == EdgeKind::forward &&
                          !before.everywhere && before.executor == first.executor;
    }
    if (gathered || (node.dead_letters && node.inputs.empty())) {
      placement.everywhere = false;
      placement.executor = home_of(id);
    } else if (only_from_singles) {
      placement.everywhere = false;
      placement.executor = placements_[edges_[node.inputs.front()].from].executor;
    }
    for (const EdgeId output : output_edges(id)) {
      const NodeId to = edges_[output].to;
      if (--unplaced_inputs[to] == 0) {
        ready.push_back(to);
      }
    }
  }
}

// The last stages that records passed before they entered the node.
std::vector<std::string> Plan::last_stages_before(NodeId id) const {
  std::vector<std::string> names;
  for (const EdgeId input : nodes_[id].inputs) {
    const NodeId from = edges_[input].from;
    const Node& before = nodes_[from];
    const auto found = before.stages.empty() ? last_stages_before(from)
                                             : std::vector{stages_[before.stages.back()].name};
    for (const std::string& name : found) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
      }
    }
  }
  return names;
}

std::string Plan::describe_stages(NodeId id) const {
  const Node& node = nodes_[id];
  if (node.stages.empty()) {
    const Edge& first = edges_[node.inputs.front()];
    const char* const what = node.inputs.size() > 1           ? "merge"
                             : first.kind == EdgeKind::gather ? "collect"
                                                              : "pass-through";
    return fmt::format("{} of {}", what, fmt::join(last_stages_before(id), " and "));
  }
  std::vector<std::string> texts;
  for (const StageId stage : node.stages) {
    const StageInfo& info = stages_[stage];
    texts.push_back(fmt::format("{} [{}]", info.name, name_of(info.kind)));
  }
  return fmt::format("{}", fmt::join(texts, " -> "));
}

std::string Plan::describe_executor(int executor) const {
  if (members_.all.size() == 1) {
    return fmt::format("executor {}", executor);
  }
  const Seat seat = seat_of(members_, executor);
  return fmt::format("executor {} of worker '{}'", seat.executor, members_.all[seat.member].worker);
}

std::string Plan::describe_node(NodeId id) const {
  const Node& node = nodes_[id];
  const Placement& where = placement(id);
  std::string text = fmt::format("  {} {}: {}\n", node.sink ? "writer " : "segment", id.index(),
                                 describe_stages(id));
  text += where.everywhere
              ? fmt::format("    runs on every executor ({})\n", executors_)
              : fmt::format("    runs on {} only\n", describe_executor(where.executor));
  if (node.stages.size() > 1 && !node.sink) {
    text += fmt::format("    fused: {} stages in one loop\n", node.stages.size());
  }
  for (const EdgeId output : node.outputs) {
    const Edge& edge = edges_[output];
    text += fmt::format("    => {} {}: {}{}\n", nodes_[edge.to].sink ? "writer" : "segment",
                        edge.to.index(), name_of(edge.kind),
                        edge.partials ? ", aggregated by batch" : "");
  }
  if (const auto edge = dead_letter_edge(id)) {
    text += fmt::format("    => segment {}: dead letters\n", edges_[*edge].to.index());
  }
  return text;
}

std::string Plan::explain(const std::string& application) const {
  std::string text = fmt::format("application {}: {} executor{}, {} key groups\n", application,
                                 executors_, executors_ == 1 ? "" : "s", key_group_count);
  for (const Member& member : members_.all) {
    if (members_.all.size() > 1) {
      text += fmt::format("  worker {}: {} executor{}\n", member.worker, member.executors,
                          member.executors == 1 ? "" : "s");
    }
  }
  std::vector<NodeId> order = nodes_.ids();
  std::stable_sort(order.begin(), order.end(),
                   [&](NodeId a, NodeId b) { return placement(a).rank < placement(b).rank; });
  for (const NodeId id : order) {
    text += describe_node(id);
  }
  return text;
}

}  // namespace wallaroo::internal
