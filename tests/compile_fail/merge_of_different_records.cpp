// expect: merge needs streams of the same record type
#include "common.hpp"

void build(Application& app) {
  const auto a = app.source("a", orders());
  const auto b = app.source("b", trades());
  a.merge(b).to_sink("out", discard());
}
