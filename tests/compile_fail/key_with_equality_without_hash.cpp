// expect: a key (or a field of one) has a == of its own but no std::hash
#include "common.hpp"

struct Key {
  std::string symbol;
  bool operator==(const Key& other) const { return symbol.size() == other.symbol.size(); }
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("length", [](const Order& order) { return Key{order.symbol}; })
      .to_sink("out", discard());
}
