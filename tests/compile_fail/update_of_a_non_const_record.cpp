// expect: update of an aggregation must take the record of the stage before the window by const
// reference
#include "aggregation_cases.hpp"

struct Wrong : Initial, Combine, Output {
  void update(Order&, int& count) const { ++count; }
};

void build() { over_orders_by_symbol(Wrong{}); }
