// expect: the second parameter of a state computation must be a non-const reference to its state
#include "common.hpp"

void build(Application& app) {
  app.source("in", orders())
      .to("count", [](const Order&, int count) { return count + 1; })
      .to_sink("out", discard());
}
