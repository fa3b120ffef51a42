// expect: an aggregation needs update(const Record&, Accumulator&) const
#include "aggregation_cases.hpp"

struct Wrong : Initial, Combine, Output {};

void build() { over_orders_by_symbol(Wrong{}); }
