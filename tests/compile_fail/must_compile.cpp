// Does everything right that the cases get wrong.
#include "aggregation_cases.hpp"
#include "time_cases.hpp"

#include <map>

struct Totals {
  std::map<std::string, std::int64_t> by_symbol;
  std::string last;
};
struct Key {
  std::string symbol;
  std::int64_t quantity;
};
struct Named {
  std::string name;
  bool operator==(const Named&) const = default;
};
template <>
inline constexpr bool wallaroo::equal_by_fields<Named> = true;
class Length {
 public:
  explicit Length(std::string text) : text_(std::move(text)) {}
  bool operator==(const Length& other) const { return size() == other.size(); }
  std::size_t size() const { return text_.size(); }

 private:
  std::string text_;
};
template <>
struct std::hash<Length> {
  std::size_t operator()(const Length& length) const { return length.size(); }
};
// A record whose fields cannot be visited is a record like any other.
struct NamedOrder : Order {
  char name[8];
};

void build_keys(Application& app) {
  const auto in = app.source("in", orders());
  in.key_by("named", [](const Order& order) {
      return Named{order.symbol};
    }).to_sink("by name", discard());
  in.key_by("length", [](const Order& order) {
      return Length(order.symbol);
    }).to_sink("by length", discard());
  in.key_by("pair", [](const Order& order) { return std::pair(order.symbol, order.quantity); })
      .to("count of pair", [](const Order&, int& count) { return ++count; })
      .to_sink("by pair", discard());
  in.key_by("half", [](const Order& order) {
      return order.quantity / 2.0;
    }).to_sink("by half", discard());
}

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
      .to("named", [](std::string_view) { return NamedOrder{}; })
      .key_by("view", [](const NamedOrder& named) { return std::string_view(named.symbol); })
      .to("count", [](const NamedOrder&, int& count) { return ++count; })
      .to_sink("numbers", discard());
  app.source("e", wallaroo::generator_source(
                      {.on_error = wallaroo::OnError::skip},
                      [](std::uint64_t) -> wallaroo::Decoded<Order> { return wallaroo::Skip{}; }))
      .to_sink("decoded", discard());
}

struct Reminder {
  std::string operator()(const Order& order, int& count, wallaroo::Timers& timers) {
    timers.after(1s);
    timers.at(wallaroo::EventTime(1s), static_cast<std::uint64_t>(++count));
    return order.symbol;
  }
  std::optional<std::string> on_timer(const std::string& symbol, int&, const wallaroo::Timer&) {
    return symbol;
  }
};
struct Emitting {
  void operator()(const Order&, int&, wallaroo::Timers& timers, Emitter<int>&) { timers.cancel(); }
  void on_timer(const std::string&, int& count, const wallaroo::Timer&, wallaroo::Timers& timers,
                Emitter<int>& emit) {
    timers.after(1s);
    emit(++count);
  }
};
struct Unkeyed {
  int operator()(const Order&, int& count, wallaroo::Timers&) { return ++count; }
  int on_timer(int& count, const wallaroo::Timer&) { return count; }
};
struct Counting : Initial, Update, Combine, Output {};

void build_with_time(Application& app) {
  const auto a = stamped(app, "a");
  const auto b = stamped(app, "b");
  auto [results, late] =
      a.merge(b).to_with_late("count", wallaroo::range_windows(1min).over(Counting{}));
  results.to_sink("counts", wallaroo::callback_sink([](int) {}));
  late.to_sink("late", wallaroo::callback_sink([](const Order&) {}));
  a.to("sessions", wallaroo::session_windows(1min).over(wallaroo::sum(&Order::quantity)))
      .to("of them", wallaroo::count_windows(3).over(wallaroo::count()))
      .to_sink("sessions out", discard());
  a.join(b).within(-1s, 1s).to("inner", both).to_sink("inner out", discard());
  a.join(b)
      .within(-1s, 1s)
      .left()
      .to("left", [](const Order&, const Order* right) { return right != nullptr; })
      .to_sink("left out", discard());
  a.join(b)
      .within(-1s, 1s)
      .right()
      .to("right", [](const Order* left, const Order&) { return left != nullptr; })
      .to_sink("right out", discard());
  auto [pairs, strays] = a.join(b).within(-1s, 1s).full().with_delay(1s).to_with_late(
      "full", [](const Order* left, const Order*) { return std::optional(left != nullptr); });
  pairs.to_sink("full out", discard());
  strays.to_sink("strays", wallaroo::callback_sink([](const std::variant<Order, Order>&) {}));
  a.to("remind", Reminder{}).to_sink("reminders", discard());
  a.to("emit", Emitting{}).to_sink("emitted", discard());
  app.source("c", orders()).to("unkeyed", Unkeyed{}).to_sink("unkeyed out", discard());
  a.to("expiring", wallaroo::stateful([](const Order&, int& count) {
                     return ++count;
                   }).expire_after(1min, wallaroo::ExpiryTime::processing_time))
      .to_sink("expiring out", discard());
}
