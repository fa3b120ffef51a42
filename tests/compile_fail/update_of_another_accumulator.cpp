// expect: and what initial_accumulator() returns by reference
#include "aggregation_cases.hpp"

struct Wrong : Initial, Combine, Output {
  void update(const Order&, long& count) const { ++count; }
};

void build() { over_orders_by_symbol(Wrong{}); }
