// The cases of event time, joins and timers start from this.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "common.hpp"

using namespace std::chrono_literals;

/// Orders with event time, by symbol.
inline auto stamped(Application& app, const std::string& name) {
  return app.source(name, orders())
      .event_time(name + " time", &Order::quantity)
      .key_by(name + " symbol", &Order::symbol);
}

inline int both(const Order&, const Order&) { return 1; }
