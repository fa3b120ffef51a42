// expect: combined<T>(...) makes a T of the values of its aggregations: T must be a struct without
// constructors
#include "aggregation_cases.hpp"

class Stats {
 public:
  explicit Stats(std::uint64_t count);
};

void build() { wallaroo::combined<Stats>(wallaroo::count()); }
