// expect: output of an aggregation must be const
#include "aggregation_cases.hpp"

struct Wrong : Initial, Update, Combine {
  int output(const std::string&, int count) { return count; }
};

void build() { over_orders_by_symbol(Wrong{}); }
