// expect: a window's over(...) takes an aggregation: an object with the members
#include "aggregation_cases.hpp"

void build() { over_orders_by_symbol(1); }
