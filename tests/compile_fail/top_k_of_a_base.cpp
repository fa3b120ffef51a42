// expect: top_k keeps records of the type that its function takes
#include "aggregation_cases.hpp"

struct Limit : Order {};

void build() {
  const auto top = wallaroo::top_k(3, &Order::quantity);
  auto accumulator = top.initial_accumulator();
  top.update(Limit{}, accumulator);
}
