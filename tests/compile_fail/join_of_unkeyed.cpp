// expect: both streams of a join must be keyed: key_by both with the same type of key
#include "time_cases.hpp"

void build(Application& app) {
  const auto a = app.source("a", orders());
  const auto b = app.source("b", orders());
  a.join(b).within(0s, 1s).to("pairs", both).to_sink("out", discard());
}
