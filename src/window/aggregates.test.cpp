#include <wallaroo/aggregates.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "window/aggregations/aggregation.rig.hpp"

namespace wallaroo::aggregation_test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Trades priced(std::initializer_list<double> prices) {
  Trades trades;
  for (const double price : prices) {
    trades.push_back({fmt::format("{}", trades.size()), 0, price});
  }
  return trades;
}

template <class Value>
std::vector<double> prices_of(const Value& trades) {
  std::vector<double> prices;
  for (const Trade& trade : trades) {
    prices.push_back(trade.price);
  }
  return prices;
}

// --- values at the edges of their types

TEST(Aggregates, SumsOfSmallIntegersAreWide) {
  const auto bytes = sum([](std::uint8_t n) { return n; });
  static_assert(std::is_same_v<decltype(bytes)::Value, std::uint64_t>);
  EXPECT_EQ(value_of(bytes, std::vector<std::uint8_t>(300, 255)), 300u * 255);
  const auto negative = sum([](int n) { return n; });
  static_assert(std::is_same_v<decltype(negative)::Value, std::int64_t>);
  EXPECT_EQ(value_of(negative, std::vector<int>(3, std::numeric_limits<int>::min())),
            3LL * std::numeric_limits<int>::min());
}

TEST(Aggregates, ASumThatOverflowedIsRightAgainWhenItIsBackInRange) {
  const auto all = sum([](std::int64_t n) { return n; });
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(value_of(all, std::vector<std::int64_t>{most, 1}),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(value_of(all, std::vector<std::int64_t>{most, 1, -5}), most - 4);
}

TEST(Aggregates, SumsOfOtherTypesUseTheirPlus) {
  const auto durations = sum([](int n) { return std::chrono::milliseconds(n); });
  EXPECT_EQ(value_of(durations, std::vector<int>{1, 2}), std::chrono::milliseconds(3));
  const auto floats = sum([](float n) { return n; });
  static_assert(std::is_same_v<decltype(floats)::Value, double>);
  EXPECT_EQ(value_of(floats, std::vector<float>{16777216.F, 1.F}), 16777217.);
  const auto flags = sum([](bool flag) { return flag; });
  EXPECT_EQ(value_of(flags, std::vector<bool>{true, false, true}), 2u);
}

TEST(Aggregates, ExtremesOfNegativeNumbersAndInfinities) {
  EXPECT_EQ(value_of(max(&Trade::price), priced({-3, -1, -2})), -1);
  EXPECT_EQ(value_of(min(&Trade::price), priced({-3, -1, -2})), -3);
  EXPECT_EQ(value_of(max(&Trade::price), priced({-infinity})), -infinity);
  EXPECT_EQ(value_of(min(&Trade::price), priced({infinity, infinity})), infinity);
}

TEST(Aggregates, ExtremesPassOverNaNWhereverItIs) {
  for (const auto& prices : {priced({nan, 1, 2}), priced({1, nan, 2}), priced({1, 2, nan})}) {
    EXPECT_EQ(value_of(min(&Trade::price), prices), 1);
    EXPECT_EQ(value_of(max(&Trade::price), prices), 2);
  }
  EXPECT_TRUE(std::isnan(value_of(min(&Trade::price), priced({nan, nan}))));
  EXPECT_TRUE(std::isnan(value_of(max(&Trade::price), priced({nan}))));
}

TEST(Aggregates, OfEqualExtremesTheEarliestIsKept) {
  EXPECT_TRUE(std::signbit(value_of(max(&Trade::price), priced({-0.0, 0.0}))));
  EXPECT_FALSE(std::signbit(value_of(min(&Trade::price), priced({0.0, -0.0}))));
}

template <class A>
void expect_identity(const A& aggregation) {
  const auto empty = aggregation.initial_accumulator();
  const auto one = fold(aggregation, priced({-7}));
  EXPECT_EQ(aggregation.value(aggregation.combine(empty, one)), aggregation.value(one));
  EXPECT_EQ(aggregation.value(aggregation.combine(one, empty)), aggregation.value(one));
}

TEST(Aggregates, TheInitialAccumulatorChangesNothing) {
  expect_identity(count());
  expect_identity(sum(&Trade::price));
  expect_identity(min(&Trade::price));
  expect_identity(max(&Trade::price));
  expect_identity(mean(&Trade::price));
  expect_identity(variance(&Trade::price));
  expect_identity(top_k(2, &Trade::price));
  expect_identity(most_frequent(2, &Trade::price));
  expect_identity(distinct(&Trade::price));
  expect_identity(stats());
}

TEST(Aggregates, NothingCombinedWithNothingIsNothing) {
  const auto least = min(&Trade::price);
  const auto empty = least.initial_accumulator();
  EXPECT_EQ(least.combine(empty, empty), std::nullopt);
  EXPECT_THROW(least.value(empty), std::bad_optional_access);
  EXPECT_TRUE(std::isnan(value_of(mean(&Trade::price), Trades())));
  const auto spread = variance(&Trade::price);
  const auto none = spread.initial_accumulator();
  EXPECT_EQ(spread.combine(none, none), none);
  EXPECT_TRUE(std::isnan(spread.value(none)));
}

TEST(Aggregates, VarianceDoesNotCancelFarFromZero) {
  const auto far = priced({1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16});
  EXPECT_DOUBLE_EQ(value_of(variance(&Trade::price), far), 22.5);
  EXPECT_DOUBLE_EQ(value_of(sample_variance(&Trade::price), far), 30);
  EXPECT_EQ(value_of(variance(&Trade::price), priced({5})), 0);
  EXPECT_TRUE(std::isnan(value_of(sample_variance(&Trade::price), priced({5}))));
}

TEST(Aggregates, OneNaNMakesSumsAndMomentsNaN) {
  const auto prices = priced({1, nan, 2});
  EXPECT_TRUE(std::isnan(value_of(sum(&Trade::price), prices)));
  EXPECT_TRUE(std::isnan(value_of(mean(&Trade::price), prices)));
  EXPECT_TRUE(std::isnan(value_of(variance(&Trade::price), prices)));
}

TEST(Aggregates, TopKHasNaNOnlyWhereThereAreTooFewNumbers) {
  const auto prices = priced({nan, -5, nan, 3});
  EXPECT_EQ(prices_of(value_of(top_k(2, &Trade::price), prices)), (std::vector<double>{3, -5}));
  const auto three = value_of(top_k(3, &Trade::price), prices);
  ASSERT_EQ(three.size(), 3u);
  EXPECT_EQ(three[2].symbol, "0");  // the first of the two
}

TEST(Aggregates, AllNaNAreOneValueAndSoAreBothZeroes) {
  const auto prices = priced({nan, 1, -nan, 1, nan, -0.0, 0.0, std::nan("7")});
  EXPECT_EQ(value_of(distinct(&Trade::price), prices), 3u);
  const auto frequent = value_of(most_frequent(9, &Trade::price), prices);
  ASSERT_EQ(frequent.size(), 3u);
  EXPECT_TRUE(std::isnan(frequent[0].value));
  EXPECT_EQ(frequent[0].count, 4u);
  EXPECT_EQ(frequent[1], (Frequency<double>{0, 2}));
  EXPECT_EQ(frequent[2], (Frequency<double>{1, 2}));
}

TEST(Aggregates, ValuesThatContainNaNAreOneWhereTheirOtherPartsAreEqual) {
  const auto named = [](const Trade& trade) { return std::pair(trade.quantity, trade.price); };
  const Trades trades{{"", 1, nan}, {"", 1, nan}, {"", 2, nan}, {"", 1, 5}, {"", 1, 5}};
  EXPECT_EQ(value_of(distinct(named), trades), 3u);
  const auto frequent = value_of(most_frequent(9, named), trades);
  ASSERT_EQ(frequent.size(), 3u);
  EXPECT_EQ(frequent[0].value, (std::pair<std::int64_t, double>(1, 5))) << "NaN comes last";
  EXPECT_EQ(frequent[1].count, 2u);
  EXPECT_EQ(frequent[1].value.first, 1);
}

TEST(Aggregates, NumbersToKeepMustNotBeZero) {
  EXPECT_THROW(top_k(0, &Trade::price), ConfigError);
  EXPECT_THROW(most_frequent(0, &Trade::price), ConfigError);
}

// --- functions that are given to aggregations

double twice(const Trade& trade) { return 2 * trade.price; }
double thrice(const Trade& trade) noexcept { return 3 * trade.price; }

TEST(Aggregates, TakeAnyFunctionOfARecord) {
  const auto trades = priced({1, 2});
  EXPECT_EQ(value_of(sum(twice), trades), 6);
  EXPECT_EQ(value_of(sum(thrice), trades), 9);
  EXPECT_EQ(value_of(sum([](const Trade& t) noexcept { return t.price; }), trades), 3);
  EXPECT_EQ(value_of(sum(std::function<double(const Trade&)>(twice)), trades), 6);
  const auto names = max(&Trade::name);
  static_assert(std::is_same_v<decltype(names)::Value, std::string>);
  EXPECT_EQ(value_of(names, trades), "1");
  EXPECT_EQ(value_of(distinct(&Trade::name), trades), 2u);
  EXPECT_EQ(value_of(most_frequent(1, &Trade::name), trades)[0].value, "0");
}

// --- result types

template <class A, class Key>
using OutputOf = typename internal::AggregationTraits<A, Trade, Key>::Output;

TEST(Aggregates, ResultsCarryKeyAndWindow) {
  const Window window{.start = 5, .end = 9, .firing = Firing::early};
  const auto all = count();
  using All = std::remove_const_t<decltype(all)>;
  static_assert(
      std::is_same_v<OutputOf<All, std::string>, WindowResult<std::string, std::uint64_t>>);
  static_assert(std::is_same_v<OutputOf<All, internal::NoKey>, WindowValue<std::uint64_t>>);

  const auto keyed = internal::call_output(all, std::string("a"), std::uint64_t{3}, window);
  ASSERT_TRUE(keyed.has_value());
  EXPECT_EQ(keyed->key, "a");
  EXPECT_EQ(keyed->value, 3u);
  EXPECT_EQ(keyed->window, window);
  const auto unkeyed = internal::call_output(all, internal::NoKey{}, std::uint64_t{3}, window);
  ASSERT_TRUE(unkeyed.has_value());
  EXPECT_EQ(unkeyed->value, 3u);
  EXPECT_EQ(unkeyed->window, window);
}

TEST(Aggregates, AllPassTheChecksOfAggregations) {
  const auto pass = [](const auto&... a) {
    (static_cast<void>(OutputOf<std::remove_cvref_t<decltype(a)>, int>{}), ...);
  };
  pass(count(), sum(&Trade::price), min(&Trade::name), max(twice), mean(&Trade::quantity),
       variance(thrice), sample_variance(twice), top_k(3, &Trade::price),
       most_frequent(3, &Trade::name), distinct(&Trade::symbol), stats());
}

TEST(Aggregates, ACombinationFillsItsStructInOrder) {
  const Stats value = value_of(stats(), Trades{{"a", 5, 1}, {"c", 6, 2}, {"b", 4, 6}});
  EXPECT_EQ(value.trades, 3u);
  EXPECT_EQ(value.mean, 3);
  EXPECT_EQ(value.last, "c");
  EXPECT_EQ(value.top, (Trades{{"c", 6, 2}, {"a", 5, 1}}));
}

struct LastPrice {
  double initial_accumulator() const { return nan; }
  void update(const Trade& trade, double& last) const { last = trade.price; }
  double combine(double a, double b) const { return std::isnan(b) ? a : b; }
  double value(double last) const { return last; }
};

TEST(Aggregates, AnAggregationOfOnesOwnCanBePartOfACombination) {
  struct Pair {
    double last;
    double most;
  };
  const Pair pair = value_of(combined<Pair>(LastPrice{}, max(&Trade::price)), priced({1, 9, 4}));
  EXPECT_EQ(pair.last, 4);
  EXPECT_EQ(pair.most, 9);
}

}  // namespace
}  // namespace wallaroo::aggregation_test
