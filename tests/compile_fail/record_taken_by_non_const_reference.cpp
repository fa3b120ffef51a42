// expect: does not fit the first parameter of this stage's function (take it by const reference
#include "common.hpp"

void build(Application& app) {
  app.source("in", orders())
      .to("change", [](Order& order) { return order.quantity++; })
      .to_sink("out", discard());
}
