// expect: merge of a keyed with an unkeyed stream: key_by both with the same key, or neither
#include "common.hpp"

void build(Application& app) {
  const auto keyed = app.source("a", orders()).key_by("symbol", &Order::symbol);
  const auto plain = app.source("b", orders());
  keyed.merge(plain).to_sink("out", discard());
}
