// expect: a stage's function takes (record), (record, state&), (record, Emitter<Out>&) or (record,
// state&, Emitter<Out>&)
#include "common.hpp"

void build(Application& app) {
  app.source("in", orders())
      .to("count", [](const Order&, int& a, int& b) { return a + b; })
      .to_sink("out", discard());
}
