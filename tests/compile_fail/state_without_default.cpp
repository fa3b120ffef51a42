// expect: the state of a new key starts as State{}; this state type has no default constructor
#include "common.hpp"

struct Limit {
  explicit Limit(int most) : most(most) {}
  int most;
};

void build(Application& app) {
  app.source("in", orders())
      .to("count", [](const Order&, Limit& limit) { return --limit.most; })
      .to_sink("out", discard());
}
