// expect: the version of a wallaroo::Migration must be one more than that of its Previous
#include "common.hpp"

#include <wallaroo/types/stored.hpp>

struct TotalV1 {
  std::int32_t sum = 0;
};
struct Total {
  std::int64_t sum = 0;
};

template <>
struct wallaroo::Migration<Total> {
  static constexpr std::uint32_t version = 3;
  using Previous = TotalV1;
  static Total migrate(TotalV1 old) { return {old.sum}; }
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("symbol", &Order::symbol)
      .to("total", [](const Order& order, Total& total) { return total.sum += order.quantity; })
      .to_sink("out", discard());
}
