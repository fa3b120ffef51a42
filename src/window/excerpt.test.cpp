#include "window/excerpt.hpp"

#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <wallaroo/aggregates.hpp>

namespace wallaroo::internal {
namespace {

struct Order {
  std::uint64_t customer;
  std::int64_t quantity;
  double price;
  float discount;
  bool urgent;
  std::string note;

  double total() const { return price * static_cast<double>(quantity); }
};
using Number = std::uint64_t;

template <class A>
using ExcerptFor = Excerpt<Number, PickedBy<A, Order>, Order>;
template <class A>
constexpr bool picks(const A&) {
  return aggregates_picked<A, Order>();
}
template <class A>
constexpr std::size_t size_for(const A&) {
  return sizeof(ExcerptFor<A>);
}

struct Stats {
  std::uint64_t orders;
  std::int64_t quantity;
  double highest;
  std::uint64_t again;
  std::uint64_t urgent;
};
auto stats() {
  return combined<Stats>(count(), sum(&Order::quantity), max(&Order::price), count(),
                         sum(&Order::urgent));
}

TEST(Excerpt, IsEnoughForAggregationsOfNumbersInTheRecord) {
  EXPECT_TRUE(picks(count()));
  EXPECT_TRUE(picks(sum(&Order::quantity)));
  EXPECT_TRUE(picks(min(&Order::price)));
  EXPECT_TRUE(picks(max(&Order::urgent)));
  EXPECT_TRUE(picks(mean(&Order::discount)));
  EXPECT_TRUE(picks(variance(&Order::price)));
  EXPECT_TRUE(picks(sample_variance(&Order::price)));
  EXPECT_TRUE(picks(stats()));
}

TEST(Excerpt, IsNotEnoughForWhatMayFailOrKeepsRecords) {
  EXPECT_FALSE(picks(sum(&Order::total)));
  EXPECT_FALSE(picks(sum([](const Order& order) { return order.quantity; })));
  EXPECT_FALSE(picks(max(&Order::note)));
  EXPECT_FALSE(picks(top_k(2, &Order::quantity)));
  EXPECT_FALSE(picks(distinct(&Order::quantity)));
  EXPECT_FALSE(picks(combined<Stats>(count(), sum(&Order::quantity), max(&Order::total), count(),
                                     sum(&Order::urgent))));
}

/// Derived from a ready-made aggregation, with an `update` that needs more of a record.
struct CountOfNoted : decltype(count()) {
  CountOfNoted() : decltype(count())(count()) {}
  void update(const Order& order, std::uint64_t& number) const {
    number += order.note.empty() ? 0 : 1;
  }
};
struct Noted {
  std::uint64_t all;
  std::uint64_t noted;
};

TEST(Excerpt, IsNotEnoughForClassesDerivedFromReadyAggregations) {
  EXPECT_FALSE(picks(CountOfNoted()));
  EXPECT_FALSE(picks(combined<Noted>(count(), CountOfNoted())));
}

TEST(Excerpt, HoldsTheKeyAndTheNumbersAndNothingElse) {
  EXPECT_EQ(size_for(count()), 8U);
  EXPECT_EQ(size_for(sum(&Order::quantity)), 16U);
  EXPECT_EQ(size_for(mean(&Order::discount)), 16U);
  EXPECT_EQ(size_for(stats()), 32U);
  static_assert(std::is_trivially_copyable_v<ExcerptFor<decltype(stats())>>);
}

template <class T>
constexpr bool pay_with_count() {
  return excerpts_pay<decltype(count()), T, Number, TimedSlotWithoutKey<Number, T>>();
}
struct Pair {
  Number key;
  std::int64_t value;
};
static_assert(pay_with_count<Order>());
static_assert(pay_with_count<Pair>());
static_assert(!pay_with_count<Number>(), "the key is the record");
static_assert(
    !excerpts_pay<decltype(sum(&Pair::value)), Pair, Number, TimedSlotWithoutKey<Number, Pair>>(),
    "it would be as large as the record");
static_assert(!excerpts_pay<decltype(count()), Order, std::string_view,
                            TimedSlotWithoutKey<std::string_view, Order>>(),
              "the key is a view of what does not travel");
static_assert(
    !excerpts_pay<decltype(count()), Order, std::string, TimedSlotWithoutKey<std::string, Order>>(),
    "a copy of the key may cost an allocation");

/// Aggregates records and excerpts of them.
template <class A>
void expect_equal(const A& aggregation) {
  const OfExcerpts<A> of_excerpts(aggregation);
  auto wanted = aggregation.initial_accumulator();
  auto seen = of_excerpts.initial_accumulator();
  std::mt19937 random(3);
  for (int i = 0; i < 100; ++i) {
    const auto number = static_cast<std::int64_t>(random() % 1'000) - 500;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const Order order{7,
                      number * 7,
                      i % 17 == 0 ? nan : static_cast<double>(number) / 3,
                      static_cast<float>(number) / 7,
                      number % 2 == 0,
                      "a note"};
    aggregation.update(order, wanted);
    of_excerpts.update(ExcerptFor<A>{order.customer, aggregation.pick(order)}, seen);
  }
  const auto text = [](const auto& value) {
    std::string out;
    append_description(out, value);
    return out;
  };
  EXPECT_EQ(text(of_excerpts.value(seen)), text(aggregation.value(wanted)));
}

TEST(Excerpt, IsAggregatedLikeTheRecord) {
  expect_equal(count());
  expect_equal(sum(&Order::quantity));
  expect_equal(sum(&Order::discount));
  expect_equal(min(&Order::price));
  expect_equal(max(&Order::price));
  expect_equal(max(&Order::urgent));
  expect_equal(mean(&Order::quantity));
  expect_equal(variance(&Order::discount));
  expect_equal(sample_variance(&Order::quantity));
  expect_equal(stats());
}

TEST(Excerpt, IsDescribedByItsKey) {
  EXPECT_EQ(describe(ExcerptFor<decltype(count())>{17}), "one with key 17");
}

}  // namespace
}  // namespace wallaroo::internal
