// expect: state must own its bytes: this state type holds a view
#include "common.hpp"

struct Last {
  std::int64_t quantity = 0;
  std::string_view symbol;
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("symbol", &Order::symbol)
      .to("last", [](const Order& order, Last& last) { return last.quantity = order.quantity; })
      .to_sink("out", discard());
}
