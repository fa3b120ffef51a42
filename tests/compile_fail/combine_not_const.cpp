// expect: combine of an aggregation must be const
#include "aggregation_cases.hpp"

struct Wrong : Initial, Update, Output {
  int combine(int a, int b) { return a + b; }
};

void build() { over_orders_by_symbol(Wrong{}); }
