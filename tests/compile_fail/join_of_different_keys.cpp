// expect: both streams of a join must be keyed by the same type of key
#include "time_cases.hpp"

void build(Application& app) {
  const auto a = app.source("a", orders()).key_by("symbol", &Order::symbol);
  const auto b = app.source("b", orders()).key_by("quantity", &Order::quantity);
  a.join(b).within(0s, 1s).to("pairs", both).to_sink("out", discard());
}
