#include "plan/graph.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace wallaroo::internal {

StageId Graph::add_stage(StageInfo info) {
  if (info.name.empty()) {
    add_mistake(fmt::format("a stage of pipeline '{}' has an empty name", info.pipeline));
  }
  stages_.push_back(std::move(info));
  consumed_.push_back(false);
  return static_cast<StageId>(stages_.size()) - 1;
}

NodeId Graph::add_node(Node node) {
  const auto id = static_cast<NodeId>(nodes_.size());
  for (const EdgeId edge : node.inputs) {
    edges_[static_cast<std::size_t>(edge)].to = id;
  }
  for (const EdgeId edge : node.outputs) {
    edges_[static_cast<std::size_t>(edge)].from = id;
  }
  nodes_.push_back(std::move(node));
  return id;
}

EdgeId Graph::add_edge(EdgeKind kind) {
  edges_.push_back({kind, -1, -1});
  return static_cast<EdgeId>(edges_.size()) - 1;
}

void Graph::add_output(NodeId from, EdgeId edge) {
  nodes_[static_cast<std::size_t>(from)].outputs.push_back(edge);
  edges_[static_cast<std::size_t>(edge)].from = from;
}

void Graph::mark_consumed(StageId stage) { consumed_[static_cast<std::size_t>(stage)] = true; }

void Graph::add_mistake(std::string text) { mistakes_.push_back(std::move(text)); }

std::vector<std::string> Graph::mistakes() const {
  std::vector<std::string> found = mistakes_;
  if (stages_.empty()) {
    found.emplace_back("the application has no pipeline: start one with app.source(...)");
  }
  check_names(found);
  check_ends(found);
  check_dead_letters(found);
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
  for (std::size_t id = 0; id < stages_.size(); ++id) {
    if (stages_[id].kind != StageKind::sink && !consumed_[id]) {
      found.push_back(
          fmt::format("pipeline '{}' ends at stage '{}' without a sink: add .to_sink(...)",
                      stages_[id].pipeline, stages_[id].name));
    }
  }
}

void Graph::check_dead_letters(std::vector<std::string>& found) const {
  const bool has_sink =
      std::any_of(nodes_.begin(), nodes_.end(), [](const Node& node) { return node.dead_letters; });
  std::string dead_letter_pipeline;
  for (const Node& node : nodes_) {
    if (node.dead_letters) {
      dead_letter_pipeline = stages_[static_cast<std::size_t>(node.stages.front())].pipeline;
    }
  }
  for (const StageInfo& stage : stages_) {
    if (stage.on_error != OnError::dead_letter) {
      continue;
    }
    if (!has_sink) {
      found.push_back(fmt::format(
          "stage '{}' sends failed records to the dead letters, but the application has no sink "
          "for them: add app.dead_letters(\"dead\").to_sink(...)",
          stage.name));
    } else if (stage.pipeline == dead_letter_pipeline) {
      found.push_back(fmt::format(
          "stage '{}' handles dead letters and cannot make new ones: use OnError::stop or "
          "OnError::skip there",
          stage.name));
    }
  }
}

}  // namespace wallaroo::internal
