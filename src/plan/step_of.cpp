#include "plan/step_of.hpp"

#include <fmt/format.h>

#include <wallaroo/error.hpp>

namespace wallaroo::internal {

void check_windows(Graph& graph, const std::string& stage, const WindowSettings& settings,
                   bool late_stream) {
  graph.use_time();
  try {
    check(settings, stage);
  } catch (const ConfigError& error) {
    graph.add_mistake(error.what());
  }
  if (!late_stream && settings.late_data == LateData::to_stream) {
    graph.add_mistake(
        fmt::format("stage '{}': LateData::to_stream makes a second stream: use "
                    "`auto [results, late] = stream.to_with_late(...)`",
                    stage));
  }
}

void check_event_time(Graph& graph, const std::string& stage, const EventTimeOptions& options) {
  const auto refuse_negative = [&](std::chrono::nanoseconds value, const char* name) {
    if (value.count() < 0) {
      graph.add_mistake(fmt::format("stage '{}': {} is {} ns, but cannot be negative", stage, name,
                                    value.count()));
    }
  };
  refuse_negative(options.lateness, "lateness");
  refuse_negative(options.idle_after, "idle_after");
  refuse_negative(options.max_ahead, "max_ahead");
}

}  // namespace wallaroo::internal
