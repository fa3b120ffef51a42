#include "ui/plan/layout.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wallaroo::internal {
namespace {

TEST(Layout, NothingIsPlacedNowhere) { EXPECT_TRUE(lay_out(0, {}).empty()); }

TEST(Layout, AChainIsOneRow) {
  const auto places = lay_out(3, {{0, 1}, {1, 2}});
  EXPECT_EQ(places, (std::vector<LayoutPlace>{{0, 0}, {1, 0}, {2, 0}}));
}

TEST(Layout, ALayerIsTheLongestPath) {
  // 0 -> 1 -> 2 -> 3, and 0 -> 3 directly.
  const auto places = lay_out(4, {{0, 3}, {0, 1}, {1, 2}, {2, 3}});
  EXPECT_EQ(places[3], (LayoutPlace{3, 0}));
}

TEST(Layout, AMergeIsBehindAllItsInputs) {
  const auto places = lay_out(4, {{0, 3}, {1, 2}, {2, 3}});
  EXPECT_EQ(places[0].layer, 0);
  EXPECT_EQ(places[1].layer, 0);
  EXPECT_EQ(places[3].layer, 2);
}

TEST(Layout, SweepsUntangleTwoPipelines) {
  // Sources 0 and 1; their consumers are numbered the other way round.
  const std::vector<LayoutEdge> edges{{0, 3}, {1, 2}, {3, 5}, {2, 4}};
  EXPECT_EQ(crossings(lay_out(6, edges), edges), 0U);
}

TEST(Layout, CountsCrossings) {
  const std::vector<LayoutPlace> places{{0, 0}, {0, 1}, {1, 0}, {1, 1}};
  EXPECT_EQ(crossings(places, {{0, 3}, {1, 2}}), 1U);
  EXPECT_EQ(crossings(places, {{0, 2}, {1, 3}}), 0U);
}

RC_GTEST_PROP(LayoutProperty, EdgesLeadOnAndRowsHaveNoGaps, ()) {
  const auto nodes = *rc::gen::inRange<std::size_t>(1, 20);
  std::vector<LayoutEdge> edges;
  for (std::size_t to = 1; to < nodes; ++to) {
    for (std::size_t from = 0; from < to; ++from) {
      if (*rc::gen::inRange(0, 4) == 0) {
        edges.push_back({from, to});
      }
    }
  }
  const auto places = lay_out(nodes, edges);
  for (const LayoutEdge& edge : edges) {
    RC_ASSERT(places[edge.from].layer < places[edge.to].layer);
  }
  std::map<int, std::set<int>> rows;
  for (const LayoutPlace& place : places) {
    RC_ASSERT(rows[place.layer].insert(place.row).second);
  }
  for (const auto& [layer, used] : rows) {
    RC_ASSERT(*used.begin() == 0);
    RC_ASSERT(*used.rbegin() == static_cast<int>(used.size()) - 1);
  }
}

}  // namespace
}  // namespace wallaroo::internal
