// expect: merge of a stream with event time and one without: call event_time on both before the
#include "common.hpp"

void build(Application& app) {
  const auto a = app.source("a", orders()).event_time("time", &Order::quantity);
  const auto b = app.source("b", orders());
  a.merge(b).to_sink("out", discard());
}
