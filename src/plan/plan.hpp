// The physical plan: which node runs on which executors, and in which order they are served.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/graph.hpp"
#include "plan/members.hpp"

namespace wallaroo::internal {

/// The word for this kind in --explain.
std::string_view name_of(StageKind kind);

/// A graph that was checked, completed (edges of dead letters) and placed on executors.
class Plan {
 public:
  /// Throws ConfigError listing every mistake of the graph. The graph may change later: the plan
  /// has a copy.
  Plan(const std::shared_ptr<const Graph>& graph, Members members);
  /// For a single process. `executors` >= 1.
  Plan(const std::shared_ptr<const Graph>& graph, int executors)
      : Plan(graph, Members::one(executors)) {}

  struct Placement {
    bool everywhere = true;  ///< there is an instance on every executor of every worker
    int executor = 0;        ///< where the only instance runs, when not everywhere
    int rank = 0;            ///< 0 for sources; greater than that of every node before this one
  };

  const Members& members() const { return members_; }
  /// Of all workers together.
  int executors() const { return executors_; }
  /// The names of the nodes that run on one executor and may have a home of their own. They follow
  /// from the graph alone, so all workers know the same ones.
  const std::vector<std::string>& singles() const { return singles_; }
  const IndexedBy<StageId, StageInfo>& stages() const { return stages_; }
  const IndexedBy<NodeId, Node>& nodes() const { return nodes_; }
  const IndexedBy<EdgeId, Edge>& edges() const { return edges_; }
  const Placement& placement(NodeId node) const { return placements_[node]; }
  bool runs_on(NodeId node, int executor) const {
    return placement(node).everywhere || placement(node).executor == executor;
  }
  /// The edge of a node's dead letters, if it makes some.
  std::optional<EdgeId> dead_letter_edge(NodeId node) const { return dead_letter_edges_[node]; }
  /// All edges from a node, that of its dead letters last.
  std::vector<EdgeId> output_edges(NodeId node) const;
  /// Whether a stage waits for the watermark: then sources report the time also without input.
  bool uses_time() const { return uses_time_; }
  /// "'a', 'b'", for error messages.
  std::string names_of_stages(const Node& node) const;
  /// The text of --explain: pipelines, fused stages, exchanges, parallelism.
  std::string explain(const std::string& application) const;

 private:
  void copy_nodes(const Graph& graph);
  void copy_edges(const Graph& graph);
  void connect_dead_letters();
  void place();
  int home_of(NodeId single);
  void name_clocks();
  /// Names of the stages that make the event times which this stage of the node sees.
  std::vector<std::string> clocks_before(NodeId node, std::size_t stage) const;
  std::string describe_executor(int executor) const;
  std::string describe_node(NodeId node) const;
  std::string describe_stages(NodeId node) const;
  std::vector<std::string> last_stages_before(NodeId node) const;

  Members members_;
  int executors_;
  bool uses_time_;
  std::vector<std::string> singles_;
  IndexedBy<StageId, StageInfo> stages_;
  IndexedBy<NodeId, Node> nodes_;
  IndexedBy<EdgeId, Edge> edges_;
  IndexedBy<NodeId, Placement> placements_;
  IndexedBy<NodeId, std::optional<EdgeId>> dead_letter_edges_;
};

}  // namespace wallaroo::internal
