// The user's pipelines as the builder leaves them: segments of fused stages joined by edges.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sink/factories.hpp"
#include "source/factories.hpp"
#include "step/id.hpp"
#include "step/segment.hpp"

namespace wallaroo::internal {

/// The numbers of nodes and edges of a graph, and of the plan that is made from it.
using NodeId = Id<struct Node>;
using EdgeId = Id<struct Edge>;

enum class EdgeKind {
  forward,   ///< to the same executor
  exchange,  ///< to the executor that owns the record's key group
  gather,    ///< to the one executor that runs the consumer
};

/// Leads from one node to another.
struct Edge {
  EdgeKind kind;
  NodeId from;
  NodeId to;
  bool partials = false;  ///< windows get partial aggregates of batches instead of records
};

/// An edge while the pipelines are described. Either end is missing until its node is there.
struct OpenEdge {
  EdgeKind kind;
  std::optional<NodeId> from = std::nullopt;
  std::optional<NodeId> to = std::nullopt;
  bool partials = false;
};

using SegmentFactory = std::function<std::unique_ptr<Segment>(const SegmentContext&)>;

/// A segment of fused stages, with or without a source at its start, or the writer of a sink.
struct Node {
  std::vector<StageId> stages;  ///< in the order a record meets them
  std::vector<EdgeId> inputs;   ///< empty when it starts with a source
  std::vector<EdgeId> outputs;
  SourceFactory source;  ///< empty unless the node starts with a source
  SinkFactory sink;      ///< set for a sink's writer, which has no segment
  SegmentFactory segment;
  bool takes_frames = false;  ///< the source gives bytes: the first step is a decoder
  bool dead_letters = false;  ///< its input is the dead letters of other stages
};

/// Grows while the user describes pipelines; read by the plan. Mistakes that only values can show
/// (names, missing sinks) are collected here and reported before anything starts.
class Graph {
 public:
  StageId add_stage(StageInfo info);
  /// Adds a node and makes it the end of its edges, which must exist.
  NodeId add_node(Node node);
  EdgeId add_edge(EdgeKind kind, bool partials = false);
  /// Adds a consumer to a node whose output is shared.
  void add_output(NodeId from, EdgeId edge);

  /// Notes that the stage's records have a consumer.
  void mark_consumed(StageId stage);
  void add_mistake(std::string text);
  /// Notes that a stage waits for the watermark.
  void use_time() { uses_time_ = true; }
  bool uses_time() const { return uses_time_; }

  const IndexedBy<StageId, StageInfo>& stages() const { return stages_; }
  const IndexedBy<NodeId, Node>& nodes() const { return nodes_; }
  /// Their ends are known once there are no mistakes.
  const IndexedBy<EdgeId, OpenEdge>& edges() const { return edges_; }

  /// Everything that is wrong with the pipelines, in the user's words; empty when they can run.
  std::vector<std::string> mistakes() const;

 private:
  void check_names(std::vector<std::string>& found) const;
  void check_ends(std::vector<std::string>& found) const;
  void check_dead_letters(std::vector<std::string>& found) const;
  void check_edges(std::vector<std::string>& found) const;
  std::set<StageId> dead_letter_stages() const;
  std::string origin_of(const OpenEdge& edge) const;

  IndexedBy<StageId, StageInfo> stages_;
  IndexedBy<StageId, bool> consumed_;
  IndexedBy<NodeId, Node> nodes_;
  IndexedBy<EdgeId, OpenEdge> edges_;
  std::vector<std::string> mistakes_;
  bool uses_time_ = false;
};

}  // namespace wallaroo::internal
