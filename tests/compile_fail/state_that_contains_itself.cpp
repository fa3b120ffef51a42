// expect: a type that contains itself, as a tree does, cannot be stored by itself
#include "common.hpp"

struct Tree {
  std::int64_t count = 0;
  std::vector<Tree> children;
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("symbol", &Order::symbol)
      .to("grow", [](const Order&, Tree& tree) { return ++tree.count; })
      .to_sink("out", discard());
}
