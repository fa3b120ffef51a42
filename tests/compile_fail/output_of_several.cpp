// expect: output of an aggregation returns one result, T or std::optional<T>
#include "aggregation_cases.hpp"

struct Wrong : Initial, Update, Combine {
  std::vector<int> output(const std::string&, int count) const { return {count}; }
};

void build() { over_orders_by_symbol(Wrong{}); }
