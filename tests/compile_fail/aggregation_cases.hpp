// What the cases of aggregations start from: one that is right, to be spoilt in one place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <wallaroo/aggregates.hpp>
#include <wallaroo/windows.hpp>

#include "common.hpp"

using wallaroo::Window;

struct Initial {
  int initial_accumulator() const { return 0; }
};
struct Update {
  void update(const Order&, int& count) const { ++count; }
};
struct Combine {
  int combine(int a, int b) const { return a + b; }
};
struct Output {
  int output(const std::string&, int count) const { return count; }
};

/// What a stage of windows does with its aggregation, for orders by symbol and for all orders.
template <class A>
void over_orders_by_symbol(const A&) {
  static_cast<void>(wallaroo::internal::AggregationTraits<A, Order, std::string>::keyed);
}
template <class A>
void over_all_orders(const A&) {
  static_cast<void>(
      wallaroo::internal::AggregationTraits<A, Order, wallaroo::internal::NoKey>::keyed);
}
