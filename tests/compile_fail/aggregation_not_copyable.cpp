// expect: an aggregation must be copyable: every thread has its own copy
#include "aggregation_cases.hpp"

struct Wrong : Initial, Update, Combine, Output {
  std::unique_ptr<int> pointer;
};

void build() { over_orders_by_symbol(Wrong{}); }
