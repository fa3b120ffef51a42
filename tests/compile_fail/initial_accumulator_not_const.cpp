// expect: initial_accumulator() of an aggregation must be const
#include "aggregation_cases.hpp"

struct Wrong : Update, Combine, Output {
  int initial_accumulator() { return 0; }
};

void build() { over_orders_by_symbol(Wrong{}); }
