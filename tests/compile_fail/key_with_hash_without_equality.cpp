// expect: a key (or a field of one) has a std::hash but no ==
#include "common.hpp"

class Key {
 public:
  explicit Key(std::string symbol) : symbol_(std::move(symbol)) {}
  std::size_t size() const { return symbol_.size(); }

 private:
  std::string symbol_;
};
template <>
struct std::hash<Key> {
  std::size_t operator()(const Key& key) const { return key.size(); }
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("symbol", [](const Order& order) { return Key(order.symbol); })
      .to_sink("out", discard());
}
