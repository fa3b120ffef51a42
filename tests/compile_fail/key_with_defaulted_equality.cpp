// expect: say so: template <> inline constexpr bool wallaroo::equal_by_fields<Key> = true
#include "common.hpp"

struct Key {
  std::string symbol;
  auto operator<=>(const Key&) const = default;
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("symbol", [](const Order& order) { return Key{order.symbol}; })
      .to_sink("out", discard());
}
