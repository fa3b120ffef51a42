// expect: of a ready aggregation, the function given to it must take the record
#include "aggregation_cases.hpp"

void build() { over_orders_by_symbol(wallaroo::sum(&Trade::price)); }
