// expect: an aggregation needs combine(const Accumulator&, const Accumulator&) const
#include "aggregation_cases.hpp"

struct Wrong : Initial, Update, Output {};

void build() { over_orders_by_symbol(Wrong{}); }
