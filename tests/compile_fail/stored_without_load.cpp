// expect: this specialisation of wallaroo::Stored is not complete
#include "common.hpp"

#include <wallaroo/types/stored.hpp>

class Money {
 public:
  std::int64_t cents = 0;
};

template <>
struct wallaroo::Stored<Money> {
  using Type = std::int64_t;
  static Type save(const Money& money) { return money.cents; }
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("symbol", &Order::symbol)
      .to("total", [](const Order& order, Money& total) { return total.cents += order.quantity; })
      .to_sink("out", discard());
}
