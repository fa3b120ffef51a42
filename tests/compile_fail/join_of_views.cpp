// expect: a join keeps records after their batch is gone, so they must own their bytes
#include "time_cases.hpp"

auto viewed(Application& app, const std::string& name) {
  return app.source(name, wallaroo::file_source({}, [](std::string_view frame) { return frame; }))
      .event_time(name + " time", [](std::string_view) { return std::int64_t{1}; })
      .key_by(name + " key", [](std::string_view text) { return text; });
}

void build(Application& app) {
  viewed(app, "a")
      .join(viewed(app, "b"))
      .within(0s, 1s)
      .to("pairs", [](std::string_view, std::string_view) { return 1; })
      .to_sink("out", discard());
}
