// The right way of everything that the cases get wrong.
#include "common.hpp"

#include <map>

struct Totals {
  std::map<std::string, std::int64_t> by_symbol;
  std::string last;
};
struct Key {
  std::string symbol;
  std::int64_t quantity;
};
// A record whose fields cannot be visited is a record like any other.
struct Named : Order {
  char name[8];
};

void build(Application& app) {
  const auto a = app.source("a", orders()).key_by("key a", &Order::symbol);
  const auto b = app.source("b", orders()).key_by("key b", &Order::symbol);
  a.merge(b)
      .to("totals",
          [](const Order& order, Totals& totals) {
            totals.last = order.symbol;
            return totals.by_symbol[order.symbol] += order.quantity;
          })
      .to_sink("out", wallaroo::callback_sink([](std::int64_t) {}));
  app.source("c", orders())
      .key_by("key c",
              [](const Order& order) {
                return Key{order.symbol, order.quantity};
              })
      .to("emit",
          [](Order&& order, int& count, Emitter<Order>& emit) {
            ++count;
            emit(std::move(order));
          })
      .to_sinks(wallaroo::sink("file", wallaroo::file_sink({.path = "-"}, &Order::symbol)),
                wallaroo::sink("callback", discard()));
  app.source("d", wallaroo::file_source({}, [](std::string_view frame) { return frame; }))
      .to("named", [](std::string_view) { return Named{}; })
      .key_by("view", [](const Named& named) { return std::string_view(named.symbol); })
      .to("count", [](const Named&, int& count) { return ++count; })
      .to_sink("numbers", discard());
  app.source("e", wallaroo::generator_source(
                      {.on_error = wallaroo::OnError::skip},
                      [](std::uint64_t) -> wallaroo::Decoded<Order> { return wallaroo::Skip{}; }))
      .to_sink("decoded", discard());
}
