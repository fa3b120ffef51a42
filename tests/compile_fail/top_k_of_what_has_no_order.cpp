// expect: top_k needs values that can be compared with <
#include "aggregation_cases.hpp"

struct Price {};
Price price(const Order&);

void build() { wallaroo::top_k(3, price); }
