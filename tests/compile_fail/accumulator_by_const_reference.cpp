// expect: update of an aggregation must take the accumulator by non-const reference
#include "aggregation_cases.hpp"

struct Wrong : Initial, Combine, Output {
  int update(const Order&, const int& count) const { return count + 1; }
};

void build() { over_orders_by_symbol(Wrong{}); }
