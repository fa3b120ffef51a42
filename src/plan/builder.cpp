#include "plan/builder.hpp"

#include <fmt/format.h>

namespace wallaroo::internal {

namespace {

std::string used_again(const Graph& graph, StageId stage) {
  return fmt::format(
      "the stream after stage '{}' was moved into a chain and is used once more: use the variable "
      "without std::move when several stages take its records",
      graph.stages()[stage].name);
}

}  // namespace

GraphCursor::GraphCursor(std::shared_ptr<Graph> graph, std::string pipeline, StageId stage)
    : graph_(std::move(graph)),
      pipeline_(std::move(pipeline)),
      tip_(std::make_shared<Tip>(Tip{stage})) {}
GraphCursor::GraphCursor(const GraphCursor&) = default;
GraphCursor& GraphCursor::operator=(const GraphCursor&) = default;
GraphCursor::~GraphCursor() = default;

GraphCursor GraphCursor::next(StageId stage) const { return GraphCursor(graph_, pipeline_, stage); }
GraphCursor GraphCursor::after() const { return GraphCursor(graph_, pipeline_, tip_->stage); }

StageId GraphCursor::add_stage(std::string name, StageKind kind, OnError on_error,
                               bool temporal) const {
  use_once();
  return graph_->add_stage({std::move(name), pipeline_, kind, on_error, temporal});
}

StageId GraphCursor::add_sink(std::string name, StageOptions options) const {
  graph_->mark_consumed(tip_->stage);
  return graph_->add_stage({std::move(name), pipeline_, StageKind::sink, options.on_error});
}

void GraphCursor::use_once() const {
  if (tip_->fused || tip_->node) {
    graph_->add_mistake(used_again(*graph_, tip_->stage));
  }
  tip_->fused = true;
  graph_->mark_consumed(tip_->stage);
}

void GraphCursor::begin_shared_use() const {
  if (tip_->fused) {
    graph_->add_mistake(used_again(*graph_, tip_->stage));
  }
  graph_->mark_consumed(tip_->stage);
}

EdgeId GraphCursor::add_shared_edge(EdgeKind kind) const {
  const EdgeId edge = graph_->add_edge(kind);
  graph_->add_output(*tip_->node, edge);
  return edge;
}

NodeId add_segment(Graph& graph, SegmentParts parts, SegmentFactory make) {
  Node node;
  node.stages = std::move(parts.stages);
  node.stages.insert(node.stages.end(), parts.last.begin(), parts.last.end());
  node.inputs = std::move(parts.inputs);
  node.outputs = std::move(parts.outputs);
  node.source = std::move(parts.source);
  node.dead_letters = parts.dead_letters;
  node.takes_frames = parts.takes_frames;
  node.segment = std::move(make);
  return graph.add_node(std::move(node));
}

EdgeId add_writer(Graph& graph, StageId stage, SinkFactory make) {
  Node writer;
  writer.stages = {stage};
  writer.inputs = {graph.add_edge(EdgeKind::gather)};
  writer.sink = std::move(make);
  const EdgeId edge = writer.inputs.front();
  graph.add_node(std::move(writer));
  return edge;
}

}  // namespace wallaroo::internal
