// The cases start from this application with a source of orders.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wallaroo/wallaroo.hpp>

using wallaroo::Application;
using wallaroo::Emitter;

struct Order {
  std::string symbol;
  std::int64_t quantity = 0;
};
struct Trade {
  double price = 0;
};

inline auto orders() {
  return wallaroo::generator_source({.count = 1}, [](std::uint64_t) { return Order{}; });
}
inline auto trades() {
  return wallaroo::generator_source({.count = 1}, [](std::uint64_t) { return Trade{}; });
}
inline auto discard() {
  return wallaroo::callback_sink([](const auto&) {});
}
