// expect: a key must be an integer, an enum, a string, an aggregate of such, or have a std::hash
#include "common.hpp"

struct Key {
  int number;
  std::vector<char> letters;
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("letters", [](const Order&) { return Key{}; })
      .to_sink("out", discard());
}
