// expect: the result of an aggregation must own its bytes
#include "aggregation_cases.hpp"

struct Wrong : Initial, Update, Combine {
  std::string_view output(const std::string& symbol, int) const { return symbol; }
};

void build() { over_orders_by_symbol(Wrong{}); }
