// expect: update of an aggregation must take the accumulator by non-const reference
#include "aggregation_cases.hpp"

struct Wrong : Initial, Combine, Output {
  void update(const Order&, int count) const { ++count; }
};

void build() { over_orders_by_symbol(Wrong{}); }
