// expect: most_frequent needs values that can be compared with <
#include "aggregation_cases.hpp"

struct Price {
  int cents;
};
Price price(const Order&);

void build() { wallaroo::most_frequent(3, price); }
