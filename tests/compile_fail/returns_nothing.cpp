// expect: a stage's function must return its output (T, std::optional<T> or std::vector<T>) or take
// an Emitter<T>& as its last parameter
#include "common.hpp"

void build(Application& app) {
  app.source("in", orders()).to("nothing", [](const Order&) {}).to_sink("out", discard());
}
