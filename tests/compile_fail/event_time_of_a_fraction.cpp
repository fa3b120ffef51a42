// expect: the extractor of event_time returns nanoseconds since the epoch as an integer, or a
#include "common.hpp"

void build(Application& app) {
  app.source("a", orders()).event_time("time", [](const Order&) { return 1.5; });
}
