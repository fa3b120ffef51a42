// expect: combined<T>(...): a field of T cannot hold the value of its aggregation without loss
#include "aggregation_cases.hpp"

struct Stats {
  int count;
  double mean;
};

void build() { wallaroo::combined<Stats>(wallaroo::count(), wallaroo::mean(&Order::quantity)); }
