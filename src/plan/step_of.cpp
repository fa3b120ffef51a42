#include "plan/step_of.hpp"

#include <fmt/format.h>

namespace wallaroo::internal {

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
