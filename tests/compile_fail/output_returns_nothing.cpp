// expect: output of an aggregation must return the result of the window, T or std::optional<T>
#include "aggregation_cases.hpp"

struct Wrong : Initial, Update, Combine {
  void output(const std::string&, int) const {}
};

void build() { over_orders_by_symbol(Wrong{}); }
