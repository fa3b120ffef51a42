// expect: combine of an aggregation must take two accumulators by const reference or by value
#include "aggregation_cases.hpp"

struct Wrong : Initial, Update, Output {
  void combine(int& a, const int& b) const { a += b; }
};

void build() { over_orders_by_symbol(Wrong{}); }
