// Trades to aggregate, for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <wallaroo/aggregates.hpp>

namespace wallaroo::aggregation_test {

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Trade {
  std::string symbol;
  std::int64_t quantity = 0;
  double price = 0;

  std::string_view name() const { return symbol; }
  friend bool operator==(const Trade&, const Trade&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Trade& trade) {
    return out << trade.symbol << " " << trade.quantity << " at " << trade.price;
  }
};
using Trades = std::vector<Trade>;

template <class A, class Records>
auto fold(const A& aggregation, const Records& records) {
  auto accumulator = aggregation.initial_accumulator();
  for (const auto& record : records) {
    aggregation.update(record, accumulator);
  }
  return accumulator;
}

template <class A, class Records>
auto value_of(const A& aggregation, const Records& records) {
  return aggregation.value(fold(aggregation, records));
}

struct Stats {
  std::uint64_t trades;
  double mean;
  std::string last;
  std::vector<Trade> top;

  friend bool operator==(const Stats&, const Stats&) = default;
};
inline auto stats() {
  return combined<Stats>(count(), mean(&Trade::price), max(&Trade::name),
                         top_k(2, &Trade::quantity));
}

}  // namespace wallaroo::aggregation_test
