// expect: an accumulator must own its bytes: this one holds a view
#include "aggregation_cases.hpp"

using wallaroo::internal::AggregationTraits;

struct Line {
  std::string_view text;
  int length = 0;
};

void build() {
  static_cast<void>(
      sizeof(AggregationTraits<decltype(wallaroo::top_k(3, &Line::length)), Line, int>));
}
