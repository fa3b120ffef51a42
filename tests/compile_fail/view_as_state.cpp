// expect: state must own its bytes: this state type holds a view
#include "common.hpp"

void build(Application& app) {
  app.source("in", orders())
      .key_by("symbol", &Order::symbol)
      .to("last",
          [](const Order& order, std::string_view& last) {
            last = order.symbol;
            return order.quantity;
          })
      .to_sink("out", discard());
}
