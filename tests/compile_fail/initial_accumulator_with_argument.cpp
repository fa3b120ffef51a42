// expect: initial_accumulator() of an aggregation takes no argument
#include "aggregation_cases.hpp"

struct Wrong : Update, Combine, Output {
  int initial_accumulator(int start) const { return start; }
};

void build() { over_orders_by_symbol(Wrong{}); }
