// The cases of aggregations start from this right one, and spoil it in one place.
#pragma once

#include <chrono>
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

/// A stage of windows over orders by symbol, and one over all orders.
template <class A>
void over_orders_by_symbol(A aggregation) {
  Application app("cases");
  app.source("orders", orders())
      .key_by("symbol", &Order::symbol)
      .to("windows", wallaroo::range_windows(std::chrono::seconds(1)).over(std::move(aggregation)))
      .to_sink("out", discard());
}
template <class A>
void over_all_orders(A aggregation) {
  Application app("cases");
  app.source("orders", orders())
      .to("windows", wallaroo::range_windows(std::chrono::seconds(1)).over(std::move(aggregation)))
      .to_sink("out", discard());
}
