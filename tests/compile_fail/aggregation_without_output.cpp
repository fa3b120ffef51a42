// expect: an aggregation needs output(const Key&, const Accumulator&) const, or output(const
// Accumulator&) const on a stream without keys
#include "aggregation_cases.hpp"

struct Wrong : Initial, Update, Combine {};

void build() { over_orders_by_symbol(Wrong{}); }
