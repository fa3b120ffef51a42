#include "ui/plan/plan_json.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "route/key_group.hpp"
#include "ui/json/json_text.hpp"

namespace wallaroo::internal {

namespace {

void write_pipelines(JsonText& json, const PlanView& view) {
  std::vector<std::string> names;
  for (const ViewNode& node : view.nodes) {
    if (std::find(names.begin(), names.end(), node.pipeline) == names.end()) {
      names.push_back(node.pipeline);
    }
  }
  json.key("pipelines").begin_array();
  for (const std::string& name : names) {
    json.begin_object().member("name", name).key("nodes").begin_array();
    for (std::size_t id = 0; id < view.nodes.size(); ++id) {
      if (view.nodes[id].pipeline == name) {
        json.value(id);
      }
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void write_size(JsonText& json, const PlanView& view) {
  int layers = 0;
  int rows = 0;
  for (const ViewNode& node : view.nodes) {
    layers = std::max(layers, node.layer + 1);
    rows = std::max(rows, node.row + 1);
  }
  json.member("layers", layers).member("rows", rows);
}

void write_node(JsonText& json, const ViewNode& node, std::size_t id, const PlanFacts& facts) {
  json.begin_object().member("id", id).member("kind", node.kind).member("name", node.name);
  json.member("pipeline", node.pipeline).member("segment", node.segment);
  json.member("layer", node.layer).member("row", node.row).key("executors");
  if (node.everywhere) {
    json.value("all");
  } else {
    json.begin_array().value(node.executor).end_array();
  }
  const auto address = facts.addresses.find(node.name);
  if (address != facts.addresses.end() && (node.is_sink() || node.is_source())) {
    json.member("address", address->second);
  }
  json.end_object();
}

void write_edge(JsonText& json, const PlanView& view, std::size_t id, const PlanFacts& facts) {
  const ViewEdge& edge = view.edges[id];
  json.begin_object().member("id", id).member("from", edge.from).member("to", edge.to);
  json.member("kind", edge.kind);
  if (edge.edge) {
    json.member("edge", *edge.edge);
    if (const std::size_t capacity = facts.capacity ? facts.capacity(*edge.edge) : 0) {
      json.member("capacity", capacity);
    }
  } else {
    json.member("segment", view.nodes[edge.from].segment);
  }
  json.end_object();
}

}  // namespace

std::string render_plan(const PlanView& view, const PlanFacts& facts) {
  JsonText json = begin_document(facts.plan_id);
  json.member("application", facts.application).member("version", facts.version);
  json.member("key_groups", key_group_count);
  json.key("workers").begin_array().begin_object().member("worker", facts.worker);
  json.member("executors", view.executors).end_object().end_array();
  write_pipelines(json, view);
  write_size(json, view);
  json.key("nodes").begin_array();
  for (std::size_t id = 0; id < view.nodes.size(); ++id) {
    write_node(json, view.nodes[id], id, facts);
  }
  json.end_array().key("edges").begin_array();
  for (std::size_t id = 0; id < view.edges.size(); ++id) {
    write_edge(json, view, id, facts);
  }
  json.end_array().member("text", facts.explain).end_object();
  return json.take();
}

}  // namespace wallaroo::internal
