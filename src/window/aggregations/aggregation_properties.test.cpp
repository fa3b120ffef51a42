// However a window is cut into pieces, its value is that of all its records.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "window/aggregations/aggregation.rig.hpp"

namespace wallaroo::aggregation_test {
namespace {

// Prices are small integers, so their sums are exact. There are few symbols, so some are equal.
Trades some_trades(std::size_t least) {
  auto trades = *rc::gen::container<Trades>(
      rc::gen::map(rc::gen::tuple(rc::gen::inRange(0, 4), rc::gen::arbitrary<std::int64_t>(),
                                  rc::gen::inRange(-20, 20)),
                   [](const std::tuple<int, std::int64_t, int>& t) {
                     return Trade{std::string(1, static_cast<char>('a' + std::get<0>(t))),
                                  std::get<1>(t), static_cast<double>(std::get<2>(t))};
                   }));
  if (trades.size() < least) {
    trades.push_back({"a", 1, 2});
  }
  return trades;
}

std::vector<Trades> cut(const Trades& trades) {
  std::vector<Trades> pieces(1);
  for (const Trade& trade : trades) {
    // Some pieces are empty.
    const int cuts = *rc::gen::inRange(0, 3);
    pieces.resize(pieces.size() + static_cast<std::size_t>(cuts));
    pieces.back().push_back(trade);
  }
  pieces.resize(pieces.size() + static_cast<std::size_t>(*rc::gen::inRange(0, 2)));
  return pieces;
}

template <class A>
auto combine_from_left(const A& aggregation, const std::vector<Trades>& pieces) {
  auto all = aggregation.initial_accumulator();
  for (const Trades& piece : pieces) {
    all = aggregation.combine(all, fold(aggregation, piece));
  }
  return all;
}

template <class A>
auto combine_from_right(const A& aggregation, const std::vector<Trades>& pieces) {
  auto all = aggregation.initial_accumulator();
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    all = aggregation.combine(fold(aggregation, *piece), all);
  }
  return all;
}

struct AreEqual {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
};
struct AreClose {
  bool operator()(double a, double b) const {
    return (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= 1e-9 * (1 + std::abs(b));
  }
};

template <class A, class Same = AreEqual>
void expect_pieces_make_the_whole(const A& aggregation, Same same = {}) {
  EXPECT_TRUE(rc::check("combined pieces are the whole", [&] {
    const Trades trades = some_trades(1);
    const std::vector<Trades> pieces = cut(trades);
    const auto whole = value_of(aggregation, trades);
    RC_ASSERT(same(aggregation.value(combine_from_left(aggregation, pieces)), whole));
    RC_ASSERT(same(aggregation.value(combine_from_right(aggregation, pieces)), whole));
  }));
}

TEST(Aggregates, PiecesOfACountMakeTheWhole) { expect_pieces_make_the_whole(count()); }

TEST(Aggregates, PiecesOfASumMakeTheWholeEvenWhenItOverflows) {
  expect_pieces_make_the_whole(sum(&Trade::quantity));
  expect_pieces_make_the_whole(sum(&Trade::price));
}

TEST(Aggregates, PiecesOfExtremesMakeTheWhole) {
  expect_pieces_make_the_whole(min(&Trade::price));
  expect_pieces_make_the_whole(max(&Trade::quantity));
  expect_pieces_make_the_whole(max(&Trade::name));
}

TEST(Aggregates, PiecesOfMomentsMakeTheWhole) {
  expect_pieces_make_the_whole(mean(&Trade::price));
  expect_pieces_make_the_whole(variance(&Trade::price), AreClose());
  expect_pieces_make_the_whole(sample_variance(&Trade::price), AreClose());
}

TEST(Aggregates, PiecesOfTopKMakeTheWhole) {
  for (const std::size_t k : {1, 2, 5, 1000}) {
    expect_pieces_make_the_whole(top_k(k, &Trade::price));
    expect_pieces_make_the_whole(top_k(k, &Trade::symbol));
  }
}

TEST(Aggregates, PiecesOfFrequenciesMakeTheWhole) {
  for (const std::size_t k : {1, 2, 100}) {
    expect_pieces_make_the_whole(most_frequent(k, &Trade::symbol));
    expect_pieces_make_the_whole(most_frequent(k, &Trade::price));
  }
}

TEST(Aggregates, PiecesOfDistinctValuesMakeTheWhole) {
  expect_pieces_make_the_whole(distinct(&Trade::symbol));
  expect_pieces_make_the_whole(distinct(&Trade::price));
}

TEST(Aggregates, PiecesOfACombinationMakeTheWhole) { expect_pieces_make_the_whole(stats()); }

TEST(Aggregates, VarianceIsThatOfItsDefinition) {
  EXPECT_TRUE(rc::check("the mean squared distance from the mean", [] {
    const Trades trades = some_trades(1);
    const double average = value_of(mean(&Trade::price), trades);
    double squares = 0;
    for (const Trade& trade : trades) {
      squares += (trade.price - average) * (trade.price - average);
    }
    const auto n = static_cast<double>(trades.size());
    RC_ASSERT(AreClose()(value_of(variance(&Trade::price), trades), squares / n));
    RC_ASSERT(AreClose()(value_of(sample_variance(&Trade::price), trades),
                         trades.size() == 1 ? nan : squares / (n - 1)));
  }));
}

TEST(Aggregates, TopKIsTheHeadOfAStableSort) {
  EXPECT_TRUE(rc::check("the greatest, the earlier before its equals", [] {
    const Trades trades = some_trades(0);
    const auto k = static_cast<std::size_t>(*rc::gen::inRange(1, 12));
    Trades sorted = trades;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Trade& a, const Trade& b) { return a.price > b.price; });
    sorted.resize(std::min(k, sorted.size()));
    RC_ASSERT(value_of(top_k(k, &Trade::price), trades) == sorted);
  }));
}

TEST(Aggregates, FrequenciesAndDistinctValuesAreThoseOfAMap) {
  EXPECT_TRUE(rc::check("counted in a map", [] {
    const Trades trades = some_trades(0);
    std::map<std::string, std::uint64_t> counts;
    for (const Trade& trade : trades) {
      ++counts[trade.symbol];
    }
    std::vector<Frequency<std::string>> expected;
    for (const auto& [symbol, count] : counts) {
      expected.push_back({symbol, count});
    }
    std::stable_sort(expected.begin(), expected.end(),
                     [](const auto& a, const auto& b) { return a.count > b.count; });
    expected.resize(std::min<std::size_t>(expected.size(), 3));
    RC_ASSERT(value_of(most_frequent(3, &Trade::symbol), trades) == expected);
    RC_ASSERT(value_of(distinct(&Trade::symbol), trades) == counts.size());
  }));
}

}  // namespace
}  // namespace wallaroo::aggregation_test
