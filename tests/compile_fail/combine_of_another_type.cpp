// expect: combine of an aggregation must return the type that initial_accumulator() returns
#include "aggregation_cases.hpp"

struct Wrong : Initial, Update, Output {
  double combine(int a, int b) const { return a + b; }
};

void build() { over_orders_by_symbol(Wrong{}); }
