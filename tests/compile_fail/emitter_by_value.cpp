// expect: an emitter is taken by reference, as Emitter<Out>&, and last
#include "common.hpp"

void build(Application& app) {
  app.source("in", orders())
      .to("emit", [](const Order&, const Emitter<int>&) {})
      .to_sink("out", discard());
}
