// expect: merge needs streams that are keyed by the same type of key
#include "common.hpp"

void build(Application& app) {
  const auto a = app.source("a", orders()).key_by("symbol", &Order::symbol);
  const auto b = app.source("b", orders()).key_by("quantity", &Order::quantity);
  a.merge(b).to_sink("out", discard());
}
