// expect: a key (or a field of one) has a == of its own but no std::hash
#include "common.hpp"

struct Symbol {
  std::string text;
};
bool operator==(const Symbol& a, const Symbol& b) { return a.text.size() == b.text.size(); }
struct Key {
  int number;
  std::pair<int, Symbol> named;
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("key",
              [](const Order& order) {
                return Key{1, {2, {order.symbol}}};
              })
      .to_sink("out", discard());
}
