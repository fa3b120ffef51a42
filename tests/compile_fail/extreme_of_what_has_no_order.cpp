// expect: min and max need values that can be compared with <
#include "aggregation_cases.hpp"

struct Price {};
Price price(const Order&);

void build() { wallaroo::max(price); }
