// expect: the extractor of event_time must take a const reference to the record type
#include "common.hpp"

void build(Application& app) {
  app.source("a", orders()).event_time("time", [](const Trade&) { return std::int64_t{0}; });
}
