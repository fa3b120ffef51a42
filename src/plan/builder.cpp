#include "plan/builder.hpp"

#include <fmt/format.h>

namespace wallaroo::internal {

namespace {

std::string used_again(const Graph& graph, StageId stage) {
  return fmt::format(
      "the stream after stage '{}' was moved into a chain and is used once more: use the variable "
      "without std::move when several stages take its records",
      graph.stages()[static_cast<std::size_t>(stage)].name);
}

}  // namespace

StageId Link::add_stage(StageInfo info) const {
  use_once();
  return graph_->add_stage(std::move(info));
}

StageId Link::add_sink(std::string name, StageOptions options) const {
  graph_->mark_consumed(tip_->stage);
  return graph_->add_stage({std::move(name), pipeline_, StageKind::sink, options.on_error});
}

void Link::use_once() const {
  if (tip_->fused || tip_->node) {
    graph_->add_mistake(used_again(*graph_, tip_->stage));
  }
  tip_->fused = true;
  graph_->mark_consumed(tip_->stage);
}

void Link::begin_shared_use() const {
  if (tip_->fused) {
    graph_->add_mistake(used_again(*graph_, tip_->stage));
  }
  graph_->mark_consumed(tip_->stage);
}

}  // namespace wallaroo::internal
