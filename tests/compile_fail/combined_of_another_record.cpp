// expect: of a ready aggregation, the function given to it must take the record
#include "aggregation_cases.hpp"

struct Stats {
  std::uint64_t count;
  double sum;
};

void build() {
  over_orders_by_symbol(wallaroo::combined<Stats>(wallaroo::count(), wallaroo::sum(&Trade::price)));
}
