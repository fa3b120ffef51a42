// expect: a key must own its bytes
#include "common.hpp"

struct Key {
  std::string_view symbol;
  std::int64_t quantity;
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("key",
              [](const Order& o) {
                return Key{o.symbol, o.quantity};
              })
      .to_sink("out", discard());
}
