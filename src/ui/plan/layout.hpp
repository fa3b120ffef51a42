// Finds places for the nodes of a graph in a drawing. Pure.
#pragma once

#include <cstddef>
#include <vector>

namespace wallaroo::internal {

struct LayoutEdge {
  std::size_t from = 0;
  std::size_t to = 0;
};

struct LayoutPlace {
  int layer = 0;  ///< column, from 0 on
  int row = 0;    ///< within the column, from 0 on without gaps
  friend bool operator==(const LayoutPlace&, const LayoutPlace&) = default;
};

/// Places each node of an acyclic graph: its layer is the length of the longest path that leads to
/// it, and rows are ordered so that few edges cross, by sweeps that put each node at the mean row
/// of its neighbours. Nodes that are alike keep the order of their numbers, so that equal graphs
/// get equal drawings. Requires that the graph has no cycle.
std::vector<LayoutPlace> lay_out(std::size_t nodes, const std::vector<LayoutEdge>& edges);

/// How many pairs of edges between neighbouring layers cross.
std::size_t crossings(const std::vector<LayoutPlace>& places, const std::vector<LayoutEdge>& edges);

}  // namespace wallaroo::internal
