// The application whose checkpoints are kept here, and the differences of its later versions.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <wallaroo/testing.hpp>
#include <wallaroo/wallaroo.hpp>

namespace golden::old_checkpoints {

using namespace std::chrono_literals;  // NOLINT

struct Order {
  std::string customer;
  std::int64_t at_s;
  std::int64_t cents;
};
inline wallaroo::EventTime time_of(const Order& order) {
  return wallaroo::EventTime(std::chrono::seconds(order.at_s));
}

/// The type of the first version.
struct FirstTotal {
  std::int64_t orders = 0;
  std::int64_t cents = 0;
};
template <class Total>
std::string count_order(const Order& order, Total& total) {
  ++total.orders;
  total.cents += order.cents;
  if constexpr (requires { total.largest; }) {
    total.largest = std::max(total.largest, order.cents);
    return fmt::format("{}: {} for {}, at most {}", order.customer, total.orders, total.cents,
                       total.largest);
  }
  return fmt::format("{}: {} for {}", order.customer, total.orders, total.cents);
}

inline std::string count_old(const Order& order, std::int64_t& orders) {
  return fmt::format("{} retired {}", order.customer, ++orders);
}

/// Emits a record when a customer has not ordered for 10 s, once of event time and once of
/// processing time.
struct Quiet {
  std::optional<std::string> operator()(const Order& order, std::int64_t& last_s,
                                        wallaroo::Timers& timers) {
    last_s = order.at_s;
    timers.at(time_of(order) + 10s, 1);
    timers.after(10s, 2);
    return std::nullopt;
  }
  std::string on_timer(const std::string& customer, std::int64_t& last_s,
                       const wallaroo::Timer& timer) {
    return fmt::format("{} quiet since {}, timer {}", customer, last_s, timer.id);
  }
};

struct Version {
  std::string application = "orders";
  bool retired_stage = true;
  bool new_stage = false;
  bool changed_key = false;
  std::chrono::seconds sessions_gap = 10s;
};

/// The application, and its latest output of each stage.
template <class Total = FirstTotal>
class Orders {
 public:
  using Seen = std::map<std::string, std::vector<std::string>>;

  explicit Orders(const Version& version) : app(version.application) {
    const auto customer = [](const Order& order) -> const std::string& { return order.customer; };
    const auto cents = wallaroo::sum(&Order::cents);
    auto orders =
        app.source("orders", input.source()).event_time("time", time_of, {.idle_after = 0s});
    auto keyed = orders.key_by("customer", customer);
    if (version.changed_key) {
      orders.key_by("time of order", &Order::at_s)
          .to("totals", count_order<Total>)
          .to_sink("totals out", sink<std::string>("totals"));
    } else {
      keyed.to("totals", count_order<Total>).to_sink("totals out", sink<std::string>("totals"));
    }
    if (version.retired_stage) {
      keyed.to("retired", count_old).to_sink("retired out", sink<std::string>("retired"));
    }
    if (version.new_stage) {
      keyed.to("new", count_order<FirstTotal>).to_sink("new out", sink<std::string>("new"));
    }
    keyed.to("quiet", Quiet{}).to_sink("quiet out", sink<std::string>("quiet"));
    window(keyed, "tumbling", wallaroo::range_windows(10s).over(cents));
    window(keyed, "sliding", wallaroo::range_windows(10s).with_slide(5s).over(cents));
    window(keyed, "sessions", wallaroo::session_windows(version.sessions_gap).over(cents));
    window(keyed, "counted", wallaroo::count_windows(3).with_timeout(60s).over(cents));
  }

  Seen give(wallaroo::testing::Harness& harness, const std::vector<Order>& orders) {
    for (const Order& order : orders) {
      input.push(order);
    }
    harness.run();
    return take();
  }
  Seen take() { return std::exchange(seen_, {}); }

  wallaroo::Application app;
  wallaroo::testing::Input<Order> input;

 private:
  template <class T>
  auto sink(const std::string& stage) {
    return wallaroo::callback_sink([this, stage](const T& text) { seen_[stage].push_back(text); });
  }
  template <class Keyed, class Windows>
  void window(Keyed& keyed, const std::string& name, Windows windows) {
    using Sum = wallaroo::WindowResult<std::string, std::int64_t>;
    keyed.to(name, windows)
        .to_sink(
            name + " out", wallaroo::callback_sink([this, name](const Sum& sum) {
              const bool counts = name == "counted";
              const std::int64_t unit = counts ? 1 : 1'000'000'000;
              seen_[name].push_back(fmt::format("{} [{}, {}) {}", sum.key, sum.window.start / unit,
                                                sum.window.end / unit, sum.value));
            }));
  }

  Seen seen_;
};

/// The records that had been sent when the checkpoints here were written.
inline const std::vector<Order> first_orders = {
    {"ann", 1, 100}, {"bob", 3, 250}, {"ann", 6, 50}, {"bob", 12, 20}, {"eve", 13, 1000}};

}  // namespace golden::old_checkpoints
