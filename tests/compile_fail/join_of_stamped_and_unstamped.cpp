// expect: join of a stream with event time and one without: call event_time on both
#include "time_cases.hpp"

void build(Application& app) {
  const auto b = app.source("b", orders()).key_by("symbol b", &Order::symbol);
  stamped(app, "a").join(b).within(0s, 1s).to("pairs", both).to_sink("out", discard());
}
