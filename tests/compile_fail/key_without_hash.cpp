// expect: a key must be an integer, an enum, a string, an aggregate of such, or have a std::hash
#include "common.hpp"

void build(Application& app) {
  app.source("in", orders())
      .key_by("letters",
              [](const Order& o) { return std::vector<char>(o.symbol.begin(), o.symbol.end()); })
      .to_sink("out", discard());
}
