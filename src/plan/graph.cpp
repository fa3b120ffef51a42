#include "plan/graph.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace wallaroo::internal {

StageId Graph::add_stage(StageInfo info) {
  if (info.name.empty()) {
    add_mistake(fmt::format("a stage of pipeline '{}' has an empty name", info.pipeline));
  }
  consumed_.add(false);
  return stages_.add(std::move(info));
}

NodeId Graph::add_node(Node node) {
  const NodeId id = nodes_.add(std::move(node));
  for (const EdgeId edge : nodes_[id].inputs) {
    edges_[edge].to = id;
  }
  for (const EdgeId edge : nodes_[id].outputs) {
    edges_[edge].from = id;
  }
  return id;
}

EdgeId Graph::add_edge(EdgeKind kind, bool partials) {
  return edges_.add({.kind = kind, .partials = partials});
}

void Graph::add_output(NodeId from, EdgeId edge) {
  nodes_[from].outputs.push_back(edge);
  edges_[edge].from = from;
}

void Graph::mark_consumed(StageId stage) { consumed_[stage] = true; }

void Graph::add_mistake(std::string text) { mistakes_.push_back(std::move(text)); }

std::vector<std::string> Graph::mistakes() const {
  std::vector<std::string> found = mistakes_;
  if (stages_.empty()) {
    found.emplace_back("the application has no pipeline: start one with app.source(...)");
  }
  check_names(found);
  check_ends(found);
  check_dead_letters(found);
  if (found.empty()) {
    check_edges(found);
  }
  return found;
}

void Graph::check_names(std::vector<std::string>& found) const {
  std::map<std::string, std::string> pipeline_of;
  for (const StageInfo& stage : stages_) {
    const auto [earlier, is_new] = pipeline_of.emplace(stage.name, stage.pipeline);
    if (!is_new) {
      found.push_back(fmt::format(
          "two stages are named '{}' (in pipelines '{}' and '{}'): a stage's name is the identity "
          "of its state and its metrics, so each needs its own",
          stage.name, earlier->second, stage.pipeline));
    }
  }
}

void Graph::check_ends(std::vector<std::string>& found) const {
  for (const StageId id : stages_.ids()) {
    if (stages_[id].kind != StageKind::sink && !consumed_[id]) {
      found.push_back(
          fmt::format("pipeline '{}' ends at stage '{}' without a sink: add .to_sink(...)",
                      stages_[id].pipeline, stages_[id].name));
    }
  }
}

// A stream that was collected, merged or given a name makes an edge before it has a next stage.
void Graph::check_edges(std::vector<std::string>& found) const {
  for (const OpenEdge& edge : edges_) {
    if (!edge.to) {
      found.push_back(
          fmt::format("a stream made from {} (by collect, merge or a Stream<T>) goes nowhere: add "
                      ".to_sink(...) to it, or remove it",
                      origin_of(edge)));
    }
  }
}

std::string Graph::origin_of(const OpenEdge& edge) const {
  std::vector<NodeId> open{edge.from.value()};
  std::set<std::string> names;
  while (!open.empty()) {
    const Node& node = nodes_[open.back()];
    open.pop_back();
    if (!node.stages.empty()) {
      names.insert(fmt::format("stage '{}'", stages_[node.stages.back()].name));
      continue;
    }
    for (const EdgeId input : node.inputs) {
      open.push_back(edges_[input].from.value());
    }
  }
  return fmt::format("{}", fmt::join(names, " and "));
}

// The stages that dead letters pass through.
std::set<StageId> Graph::dead_letter_stages() const {
  std::vector<NodeId> open;
  for (const NodeId id : nodes_.ids()) {
    if (nodes_[id].dead_letters) {
      open.push_back(id);
    }
  }
  std::set<NodeId> seen;
  std::set<StageId> passed;
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    if (!seen.insert(id).second) {
      continue;
    }
    const Node& node = nodes_[id];
    passed.insert(node.stages.begin(), node.stages.end());
    for (const EdgeId output : node.outputs) {
      if (const auto to = edges_[output].to) {
        open.push_back(*to);
      }
    }
  }
  return passed;
}

void Graph::check_dead_letters(std::vector<std::string>& found) const {
  std::vector<std::string> receivers;
  for (const Node& node : nodes_) {
    if (node.dead_letters) {
      receivers.push_back(stages_[node.stages.front()].name);
    }
  }
  if (receivers.size() > 1) {
    found.push_back(
        fmt::format("there are several streams of dead letters ('{}'), but every dead letter goes "
                    "to one: keep app.dead_letters(...) in a variable and use that several times",
                    fmt::join(receivers, "', '")));
  }
  const std::set<StageId> handlers = dead_letter_stages();
  for (const StageId id : stages_.ids()) {
    const StageInfo& stage = stages_[id];
    if (stage.on_error != OnError::dead_letter) {
      continue;
    }
    if (receivers.empty()) {
      found.push_back(fmt::format(
          "stage '{}' sends failed records to the dead letters, but the application has no sink "
          "for them: add app.dead_letters(\"dead\").to_sink(...)",
          stage.name));
    } else if (handlers.contains(id)) {
      found.push_back(fmt::format(
          "stage '{}' handles dead letters and cannot make new ones: use OnError::stop or "
          "OnError::skip there",
          stage.name));
    }
  }
}

}  // namespace wallaroo::internal
