// expect: a decoder returns its record: T, std::optional<T> (empty: skip) or wallaroo::Decoded<T>
#include "common.hpp"

void build(Application& app) {
  app.source("in", wallaroo::file_source({}, [](std::string_view) {})).to_sink("out", discard());
}
