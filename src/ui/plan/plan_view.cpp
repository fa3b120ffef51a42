#include "ui/plan/plan_view.hpp"

#include <algorithm>
#include <utility>

#include "ui/plan/layout.hpp"

namespace wallaroo::internal {

namespace {

std::string_view name_of(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::forward:
      return "forward";
    case EdgeKind::exchange:
      return "exchange";
    case EdgeKind::gather:
      return "gather";
  }
  return "";
}

std::string_view name_of(OnError policy) {
  switch (policy) {
    case OnError::stop:
      return "stop";
    case OnError::skip:
      return "skip";
    case OnError::dead_letter:
      return "dead letter";
  }
  return "";
}

class Builder {
 public:
  explicit Builder(const Plan& plan)
      : plan_(plan), first_(plan.nodes().size(), 0), last_(plan.nodes().size(), 0) {
    view_.executors = plan.executors();
  }

  PlanView build() {
    number_stages();
    // A merge takes the name of its pipeline from a segment before it.
    std::vector<NodeId> order = plan_.nodes().ids();
    std::stable_sort(order.begin(), order.end(), [this](NodeId a, NodeId b) {
      return plan_.placement(a).rank < plan_.placement(b).rank;
    });
    for (const NodeId id : order) {
      add_segment(id);
    }
    for (const EdgeId id : plan_.edges().ids()) {
      add_edge(id);
    }
    place();
    return std::move(view_);
  }

 private:
  /// Stages get the first ids, in the order in which the application names them.
  void number_stages() {
    for (const StageInfo& stage : plan_.stages()) {
      ViewNode& node = view_.nodes.emplace_back();
      node.kind = internal::name_of(stage.kind);
      node.name = stage.name;
      node.pipeline = stage.pipeline;
      node.on_error = name_of(stage.on_error);
    }
  }

  void add_segment(NodeId id) {
    const Node& node = plan_.nodes()[id];
    std::vector<std::size_t> chain;
    for (const StageId stage : node.stages) {
      ViewNode& shown = view_.nodes[stage.index()];
      if (shown.kind == "sink" && !node.sink && !is_function_sink(stage)) {
        shown.encoders.push_back(id.index());
        continue;
      }
      shown.segment = id.index();
      place_on_executors(shown, id);
      chain.push_back(stage.index());
    }
    if (chain.empty()) {
      chain.push_back(add_helper(id));
    }
    connect(chain, node);
    first_[id] = chain.front();
  }

  /// A sink that is a function of the user runs inside its segment, and has no writer.
  bool is_function_sink(StageId stage) const {
    return std::none_of(plan_.nodes().begin(), plan_.nodes().end(), [&](const Node& node) {
      return node.sink && node.stages.front() == stage;
    });
  }

  /// A node for a segment that only merges streams, or only encodes.
  std::size_t add_helper(NodeId id) {
    const Node& node = plan_.nodes()[id];
    ViewNode helper;
    helper.segment = id.index();
    place_on_executors(helper, id);
    if (node.stages.empty()) {
      helper.kind = "merge";
      helper.name = "merge";
      helper.pipeline = view_.nodes[last_[plan_.edges()[node.inputs.front()].from]].pipeline;
    } else {
      const StageInfo& sink = plan_.stages()[node.stages.front()];
      helper.kind = "encoder";
      helper.name = sink.name;
      helper.pipeline = sink.pipeline;
      helper.on_error = name_of(sink.on_error);
    }
    view_.nodes.push_back(std::move(helper));
    return view_.nodes.size() - 1;
  }

  void place_on_executors(ViewNode& shown, NodeId id) const {
    const Plan::Placement& where = plan_.placement(id);
    shown.everywhere = where.everywhere;
    shown.executor = where.executor;
  }

  /// Joins the stages of a segment. Several sinks that are functions end a chain side by side.
  void connect(const std::vector<std::size_t>& chain, const Node& node) {
    std::size_t before = chain.front();
    for (std::size_t i = 1; i < chain.size(); ++i) {
      view_.edges.push_back({before, chain[i], "fused"});
      if (!view_.nodes[chain[i]].is_sink()) {
        before = chain[i];
      }
    }
    last_[plan_.nodes().id_of(node)] = before;
  }

  void add_edge(EdgeId id) {
    const Edge& edge = plan_.edges()[id];
    const bool dead_letters = plan_.dead_letter_edge(edge.from) == id;
    const std::string kind(dead_letters ? "dead letters" : name_of(edge.kind));
    view_.edges.push_back({last_[edge.from], first_[edge.to], kind, id.index()});
  }

  void place() {
    std::vector<LayoutEdge> edges;
    for (const ViewEdge& edge : view_.edges) {
      edges.push_back({edge.from, edge.to});
    }
    const std::vector<LayoutPlace> places = lay_out(view_.nodes.size(), edges);
    for (std::size_t i = 0; i < places.size(); ++i) {
      view_.nodes[i].layer = places[i].layer;
      view_.nodes[i].row = places[i].row;
    }
  }

  const Plan& plan_;
  PlanView view_;
  // By node of the plan: the view's nodes at its beginning and end.
  IndexedBy<NodeId, std::size_t> first_;
  IndexedBy<NodeId, std::size_t> last_;
};

}  // namespace

std::optional<std::size_t> PlanView::find(std::string_view stage) const {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const ViewNode& node) {
    return node.is_stage() && node.name == stage;
  });
  return found == nodes.end() ? std::nullopt
                              : std::optional(static_cast<std::size_t>(found - nodes.begin()));
}

std::vector<std::string> PlanView::stages_of(std::size_t segment) const {
  std::vector<std::string> names;
  for (const ViewNode& node : nodes) {
    const bool encodes =
        std::find(node.encoders.begin(), node.encoders.end(), segment) != node.encoders.end();
    if (node.kind != "merge" && (node.segment == segment || encodes)) {
      names.push_back(node.name);
    }
  }
  return names;
}

PlanView make_plan_view(const Plan& plan) { return Builder(plan).build(); }

}  // namespace wallaroo::internal
