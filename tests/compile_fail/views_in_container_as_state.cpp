// expect: state must own its bytes: this state type holds a view
#include "common.hpp"

void build(Application& app) {
  app.source("in", orders())
      .key_by("symbol", &Order::symbol)
      .to("all",
          [](const Order& order, std::vector<std::string_view>& all) {
            all.push_back(order.symbol);
            return all.size();
          })
      .to_sink("out", discard());
}
