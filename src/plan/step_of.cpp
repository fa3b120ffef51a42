#include "plan/step_of.hpp"

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {

namespace {

template <class Check>
void note(Graph& graph, Check&& check_settings) {
  graph.use_time();
  try {
    check_settings();
  } catch (const ConfigError& error) {
    graph.add_mistake(error.what());
  }
}

void check_late(Graph& graph, const std::string& stage, LateData policy, bool late_stream) {
  if (!late_stream && policy == LateData::to_stream) {
    graph.add_mistake(
        fmt::format("stage '{}': LateData::to_stream makes a second stream: use "
                    "`auto [results, late] = ... .to_with_late(...)`",
                    stage));
  }
}

}  // namespace

void check_windows(Graph& graph, const std::string& stage, const WindowSettings& settings,
                   bool late_stream) {
  note(graph, [&] { check(settings, stage); });
  check_late(graph, stage, settings.late_data, late_stream);
}

void check_join(Graph& graph, const std::string& stage, const JoinSettings& settings,
                bool late_stream) {
  note(graph, [&] { check_join_settings(stage, settings); });
  check_late(graph, stage, settings.late, late_stream);
}

void check_expiry(Graph& graph, const std::string& stage, std::chrono::nanoseconds duration) {
  graph.use_time();
  if (duration.count() <= 0) {
    graph.add_mistake(
        fmt::format("stage '{}': its state expires after {} ns, but the duration must be positive",
                    stage, duration.count()));
  }
}

void check_timeout(Graph& graph, const std::string& stage, std::chrono::nanoseconds timeout,
                   bool has_timers) {
  if (timeout.count() <= 0) {
    graph.add_mistake(
        fmt::format("stage '{}': timeout is {} ns, but must be positive", stage, timeout.count()));
  }
  if (!has_timers) {
    graph.add_mistake(fmt::format(
        "stage '{}': with_timeout is for timers, but its function takes no Timers&", stage));
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
  refuse_negative(options.max_jump, "max_jump");
}

}  // namespace wallaroo::internal
