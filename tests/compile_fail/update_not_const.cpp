// expect: update of an aggregation must be const
#include "aggregation_cases.hpp"

struct Wrong : Initial, Combine, Output {
  void update(const Order&, int& count) { ++count; }
};

void build() { over_orders_by_symbol(Wrong{}); }
