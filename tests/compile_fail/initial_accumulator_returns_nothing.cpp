// expect: initial_accumulator() of an aggregation must return the accumulator of no record
#include "aggregation_cases.hpp"

struct Wrong : Update, Combine, Output {
  void initial_accumulator() const {}
};

void build() { over_orders_by_symbol(Wrong{}); }
