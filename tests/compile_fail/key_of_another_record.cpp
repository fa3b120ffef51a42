// expect: the key function of key_by must take a const reference to the record type of the stage
// before it
#include "common.hpp"

void build(Application& app) {
  app.source("in", trades()).key_by("symbol", &Order::symbol).to_sink("out", discard());
}
