// expect: an aggregation needs initial_accumulator() const
#include "aggregation_cases.hpp"

struct Wrong : Update, Combine, Output {};

void build() { over_orders_by_symbol(Wrong{}); }
