// expect: output of an aggregation must take the key that key_by gave the stream
#include "aggregation_cases.hpp"

struct Wrong : Initial, Update, Combine {
  int output(int key, int count) const { return key + count; }
};

void build() { over_orders_by_symbol(Wrong{}); }
