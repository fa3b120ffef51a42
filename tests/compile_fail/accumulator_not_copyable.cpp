// expect: the accumulator of an aggregation must be copyable and assignable
#include "aggregation_cases.hpp"

struct Wrong {
  using Accumulator = std::unique_ptr<std::string>;

  Accumulator initial_accumulator() const { return {}; }
  void update(const Order&, Accumulator&) const {}
  Accumulator combine(const Accumulator&, const Accumulator&) const { return {}; }
  int output(const std::string&, const Accumulator&) const { return 0; }
};

void build() { over_orders_by_symbol(Wrong{}); }
