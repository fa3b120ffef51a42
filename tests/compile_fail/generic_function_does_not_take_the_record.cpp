// expect: a stage's function must take the record of the stage before it
#include "common.hpp"

void build(Application& app) {
  app.source("in", trades())
      .to("quantity", [](auto, auto& count) { return ++count; })
      .to_sink("out", discard());
}
