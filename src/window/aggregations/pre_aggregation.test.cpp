#include "window/aggregations/pre_aggregation.hpp"

#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

#include <wallaroo/aggregates.hpp>

#include "window/aggregations/aggregation.rig.hpp"

namespace wallaroo::internal {
namespace {

using aggregation_test::Trade;
using aggregation_test::Trades;

struct Silent {
  int initial_accumulator() const { return 0; }
  void update(const Trade&, int&) const {}
  int combine(int a, int b) const { return a + b; }
};
struct Declared : Silent {
  static constexpr bool pre_aggregate = true;
};
struct DeclaredNot : Silent {
  static constexpr bool pre_aggregate = false;
};
struct WithoutCombine {
  static constexpr bool pre_aggregate = true;
  int initial_accumulator() const { return 0; }
  void update(const Trade&, int&) const {}
};
static_assert(pre_aggregates<Declared, Trade>());
static_assert(!pre_aggregates<Declared, int>());
static_assert(!pre_aggregates<Silent, Trade>());
static_assert(!pre_aggregates<DeclaredNot, Trade>());
static_assert(!pre_aggregates<WithoutCombine, Trade>());
static_assert(!pre_aggregates<int, Trade>());

template <class A>
constexpr bool of_trades(const A&) {
  return pre_aggregates<A, Trade>();
}

TEST(PreAggregation, IsThatOfReadyAggregationsThatRoundNothing) {
  EXPECT_TRUE(of_trades(count()));
  EXPECT_TRUE(of_trades(sum(&Trade::quantity)));
  EXPECT_TRUE(of_trades(max(&Trade::name)));
  EXPECT_TRUE(of_trades(min(&Trade::price)));
  EXPECT_TRUE(of_trades(distinct(&Trade::name)));
  EXPECT_TRUE(of_trades(most_frequent(2, &Trade::quantity)));
  EXPECT_TRUE(of_trades(top_k(2, &Trade::quantity)));
  EXPECT_FALSE(of_trades(sum(&Trade::price)));
  EXPECT_FALSE(of_trades(mean(&Trade::quantity)));
  EXPECT_FALSE(of_trades(variance(&Trade::quantity)));
}

struct CountAndBest {
  std::uint64_t count;
  double best;
};
struct CountAndTop {
  std::uint64_t count;
  Trades top;
};

TEST(PreAggregation, OfSeveralAggregationsIsThatOfAllOfThem) {
  EXPECT_TRUE(of_trades(combined<CountAndBest>(count(), max(&Trade::price))));
  EXPECT_FALSE(of_trades(combined<CountAndBest>(count(), mean(&Trade::price))));
}

TEST(PreAggregation, DoesNotPayWhereMostOfABatchIsKept) {
  const auto top = [](std::size_t k) { return top_k(k, &Trade::quantity); };
  EXPECT_TRUE(pays_to_pre_aggregate(count()));
  EXPECT_TRUE(pays_to_pre_aggregate(top(3)));
  EXPECT_FALSE(pays_to_pre_aggregate(top(1000)));
  EXPECT_TRUE(pays_to_pre_aggregate(combined<CountAndTop>(count(), top(3))));
  EXPECT_FALSE(pays_to_pre_aggregate(combined<CountAndTop>(count(), top(1000))));
}

}  // namespace
}  // namespace wallaroo::internal
