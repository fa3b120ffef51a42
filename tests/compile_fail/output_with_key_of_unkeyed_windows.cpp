// expect: this stream has no keys, so output of its aggregation takes none
#include "aggregation_cases.hpp"

struct Wrong : Initial, Update, Combine, Output {};

void build() { over_all_orders(Wrong{}); }
