// expect: a decoder takes one frame, as std::string_view or as std::span<const std::byte>
#include "common.hpp"

void build(Application& app) {
  app.source("in", wallaroo::file_source({}, [](int) { return 1; })).to_sink("out", discard());
}
