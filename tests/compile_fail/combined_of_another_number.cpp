// expect: combined<T>(...) needs one aggregation for each field of T
#include "aggregation_cases.hpp"

struct Stats {
  std::uint64_t count;
  double mean;
};

void build() { wallaroo::combined<Stats>(wallaroo::count()); }
