// expect: this type cannot be stored in a checkpoint by itself
#include <bitset>
#include <map>

#include "common.hpp"

struct Seen {
  std::int64_t count = 0;
  std::map<std::string, std::vector<std::bitset<64>>> days;
};

void build(Application& app) {
  app.source("in", orders())
      .key_by("symbol", &Order::symbol)
      .to("seen", [](const Order&, Seen& seen) { return ++seen.count; })
      .to_sink("out", discard());
}
