// expect: the records of a generator must own their bytes
#include "common.hpp"

void build(Application& app) {
  app.source("in", wallaroo::generator_source({}, [](std::uint64_t) { return std::string_view(); }))
      .to_sink("out", discard());
}
