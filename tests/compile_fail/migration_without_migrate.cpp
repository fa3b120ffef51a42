// expect: this specialisation of wallaroo::Migration is not complete
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
  static constexpr std::uint32_t version = 2;
  using Previous = TotalV1;
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("symbol", &Order::symbol)
      .to("total", [](const Order& order, Total& total) { return total.sum += order.quantity; })
      .to_sink("out", discard());
}
