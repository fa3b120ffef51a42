// expect: a time of std::chrono::steady_clock means nothing after a restart
#include <chrono>

#include "common.hpp"

struct Last {
  std::chrono::steady_clock::time_point seen;
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("symbol", &Order::symbol)
      .to("last",
          [](const Order& order, Last& last) {
            last.seen = std::chrono::steady_clock::now();
            return order.quantity;
          })
      .to_sink("out", discard());
}
