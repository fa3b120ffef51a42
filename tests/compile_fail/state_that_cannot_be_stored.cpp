// expect: this type cannot be stored in a checkpoint by itself
#include "common.hpp"

class Money {
 public:
  Money() = default;
  explicit Money(std::int64_t cents) : cents_(cents) {}

 private:
  std::int64_t cents_ = 0;
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("symbol", &Order::symbol)
      .to("total",
          [](const Order& order, Money& total) {
            total = Money(order.quantity);
            return 1;
          })
      .to_sink("out", discard());
}
