// expect: the function given to an aggregation must be a pointer to a member of the record, or a
// function of the record with an explicit parameter type
#include "aggregation_cases.hpp"

void build() {
  wallaroo::sum([](const auto& order) { return order.quantity; });
}
