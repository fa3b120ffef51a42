// expect: combined<T>(...) takes ready aggregations, or aggregations of your own that have
// value(const Accumulator&) const
#include "aggregation_cases.hpp"

struct Stats {
  int count;
};
struct Own : Initial, Update, Combine, Output {};

void build() { wallaroo::combined<Stats>(Own{}); }
