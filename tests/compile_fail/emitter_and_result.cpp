// expect: a function that takes an emitter returns void
#include "common.hpp"

void build(Application& app) {
  app.source("in", orders())
      .to("both",
          [](const Order& order, Emitter<int>& emit) {
            emit(1);
            return order;
          })
      .to_sink("out", discard());
}
