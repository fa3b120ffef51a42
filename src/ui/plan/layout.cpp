#include "ui/plan/layout.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace wallaroo::internal {

namespace {

using Layers = std::vector<std::vector<std::size_t>>;  ///< nodes by layer, in the order of rows

/// The longest path to each node, by relaxing the edges until nothing changes.
std::vector<int> layers_of(std::size_t nodes, const std::vector<LayoutEdge>& edges) {
  std::vector<int> layer(nodes, 0);
  bool changed = true;
  for (std::size_t round = 0; changed && round < nodes; ++round) {
    changed = false;
    for (const LayoutEdge& edge : edges) {
      if (layer[edge.to] <= layer[edge.from]) {
        layer[edge.to] = layer[edge.from] + 1;
        changed = true;
      }
    }
  }
  return layer;
}

class Sweeper {
 public:
  Sweeper(std::size_t nodes, const std::vector<LayoutEdge>& edges)
      : edges_(edges), places_(nodes), before_(nodes), after_(nodes) {
    const std::vector<int> layer = layers_of(nodes, edges);
    layers_.resize(nodes == 0 ? 0 : *std::max_element(layer.begin(), layer.end()) + 1UL);
    for (std::size_t node = 0; node < nodes; ++node) {
      layers_[static_cast<std::size_t>(layer[node])].push_back(node);
    }
    for (const LayoutEdge& edge : edges) {
      before_[edge.to].push_back(edge.from);
      after_[edge.from].push_back(edge.to);
    }
    number_rows();
  }

  /// Keeps the best of the drawings that the sweeps find.
  std::vector<LayoutPlace> run(int sweeps) {
    std::vector<LayoutPlace> best = places_;
    std::size_t fewest = crossings(best, edges_);
    for (int sweep = 0; sweep < sweeps && fewest > 0; ++sweep) {
      sweep_once(sweep % 2 == 0);
      if (const std::size_t found = crossings(places_, edges_); found < fewest) {
        fewest = found;
        best = places_;
      }
    }
    return best;
  }

 private:
  void number_rows() {
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      number_rows(layer);
    }
  }
  void number_rows(std::size_t layer) {
    for (std::size_t row = 0; row < layers_[layer].size(); ++row) {
      places_[layers_[layer][row]] = {static_cast<int>(layer), static_cast<int>(row)};
    }
  }

  void sweep_once(bool forward) {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const std::size_t layer = forward ? i : layers_.size() - 1 - i;
      order(layer, forward ? before_ : after_);
    }
  }

  void order(std::size_t layer, const std::vector<std::vector<std::size_t>>& neighbours) {
    std::vector<std::pair<double, std::size_t>> keyed;
    for (const std::size_t node : layers_[layer]) {
      keyed.emplace_back(mean_row(node, neighbours[node]), node);
    }
    std::stable_sort(keyed.begin(), keyed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::transform(keyed.begin(), keyed.end(), layers_[layer].begin(),
                   [](const auto& entry) { return entry.second; });
    number_rows(layer);
  }

  /// Of a node without neighbours its own row.
  double mean_row(std::size_t node, const std::vector<std::size_t>& neighbours) const {
    if (neighbours.empty()) {
      return places_[node].row;
    }
    const double sum = std::accumulate(
        neighbours.begin(), neighbours.end(), 0.0,
        [this](double so_far, std::size_t other) { return so_far + places_[other].row; });
    return sum / static_cast<double>(neighbours.size());
  }

  const std::vector<LayoutEdge>& edges_;
  std::vector<LayoutPlace> places_;
  std::vector<std::vector<std::size_t>> before_;
  std::vector<std::vector<std::size_t>> after_;
  Layers layers_;
};

}  // namespace

std::vector<LayoutPlace> lay_out(std::size_t nodes, const std::vector<LayoutEdge>& edges) {
  constexpr int sweeps = 4;
  return Sweeper(nodes, edges).run(sweeps);
}

std::size_t crossings(const std::vector<LayoutPlace>& places,
                      const std::vector<LayoutEdge>& edges) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    for (std::size_t j = i + 1; j < edges.size(); ++j) {
      const LayoutPlace& a = places[edges[i].from];
      const LayoutPlace& b = places[edges[j].from];
      const int between = places[edges[i].to].row - places[edges[j].to].row;
      const bool side_by_side =
          a.layer == b.layer && places[edges[i].to].layer == places[edges[j].to].layer;
      count += side_by_side && (a.row - b.row) * between < 0 ? 1U : 0U;
    }
  }
  return count;
}

}  // namespace wallaroo::internal
