// expect: an accumulator must own its bytes: this one holds a view
#include "aggregation_cases.hpp"

struct Wrong {
  using Accumulator = std::vector<std::string_view>;

  Accumulator initial_accumulator() const { return {}; }
  void update(const Order&, Accumulator&) const {}
  Accumulator combine(const Accumulator&, const Accumulator&) const { return {}; }
  int output(const std::string&, const Accumulator&) const { return 0; }
};

void build() { over_orders_by_symbol(Wrong{}); }
