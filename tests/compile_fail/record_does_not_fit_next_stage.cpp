// expect: the record type that the previous stage emits does not fit the first parameter of this
// stage's function
#include "common.hpp"

std::int64_t quantity(const Order& order) { return order.quantity; }

void build(Application& app) {
  app.source("in", trades()).to("quantity", quantity).to_sink("out", discard());
}
