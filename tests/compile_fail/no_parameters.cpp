// expect: a stage's function must take the record
#include "common.hpp"

void build(Application& app) {
  app.source("in", orders()).to("one", [] { return 1; }).to_sink("out", discard());
}
