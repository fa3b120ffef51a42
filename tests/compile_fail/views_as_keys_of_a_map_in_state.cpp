// expect: state must own its bytes: this state type holds a view
#include <unordered_map>

#include "common.hpp"

void build(Application& app) {
  app.source("in", orders())
      .to("count",
          [](const Order& order, std::unordered_map<std::string_view, int>& counts) {
            return ++counts[order.symbol];
          })
      .to_sink("out", discard());
}
