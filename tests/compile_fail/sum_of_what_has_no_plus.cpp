// expect: sum needs values that can be added
#include "aggregation_cases.hpp"

struct Price {};
Price price(const Order&);

void build() { wallaroo::sum(price); }
