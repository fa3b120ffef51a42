#include "ui/verdict/verdict.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/people_numbers.hpp"
#include "ui/verdict/bottleneck.hpp"
#include "ui/verdict/words.hpp"

namespace wallaroo::internal {

namespace {

using Level = Verdict::Level;
using Found = std::optional<Verdict>;

constexpr double away_after_s = 2;
constexpr double silent_after_s = 10;
constexpr double stands_after_s = 20;
constexpr double overdue_after_s = 10;
constexpr double overdue_intervals = 5;

Found not_running(const VerdictInput& input) {
  if (input.stopping) {
    return Verdict{Level::warn, "stopped", "the application is stopping"};
  }
  if (!input.reading) {
    return Verdict{Level::ok, "starting", "the application starts: its sources do not read yet"};
  }
  if (!input.sampled) {
    return Verdict{Level::ok, "starting", "the application has just started"};
  }
  return std::nullopt;
}

Found peer_away(const VerdictInput& input) {
  for (const SinkLoad& sink : input.sinks) {
    if (sink.away_s >= away_after_s) {
      return Verdict{Level::error, "peer_away",
                     fmt::format("sink '{}' has had no connection to {} for {}: its records wait",
                                 sink.name, sink.address, duration(sink.away_s)),
                     sink.node, sink.away_s};
    }
  }
  return std::nullopt;
}

/// A checkpoint is late because its barriers stand behind records that something slow takes.
Found waits_in_queue(const VerdictInput& input) {
  const QueueLoad* const queue = last_full_queue(input);
  if (queue == nullptr || !(queue->load.records_per_s > 0) || input.checkpoints.failed_lately > 0) {
    return std::nullopt;
  }
  Found verdict = full_queue(input);
  if (verdict) {
    verdict->level = Level::error;
    verdict->text += fmt::format("; checkpoints wait behind it, and none has completed for {}",
                                 duration(input.checkpoints.since_last_s));
  }
  return verdict;
}

Found checkpoint_stalls(const VerdictInput& input) {
  const CheckpointLoad& checkpoints = input.checkpoints;
  if (!checkpoints.enabled) {
    return std::nullopt;
  }
  const double limit = std::max(overdue_after_s, overdue_intervals * checkpoints.interval_s);
  const std::string reason =
      checkpoints.last_reason.empty() ? "" : fmt::format(": {}", checkpoints.last_reason);
  if (checkpoints.since_last_s > limit) {
    if (Found verdict = waits_in_queue(input)) {
      return verdict;
    }
    return Verdict{
        Level::error, "checkpoint_stalls",
        fmt::format("no checkpoint has completed for {}, and one should every {}{}",
                    duration(checkpoints.since_last_s), duration(checkpoints.interval_s), reason),
        std::nullopt, checkpoints.since_last_s};
  }
  if (checkpoints.failed_lately > 0) {
    return Verdict{
        Level::error, "checkpoint_stalls",
        fmt::format("{} checkpoint{} failed in the last minute{}", checkpoints.failed_lately,
                    checkpoints.failed_lately == 1 ? " has" : "s have", reason)};
  }
  return std::nullopt;
}

Found skewed_watermark(const VerdictInput& input) {
  const StageLoad* found = nullptr;
  for (const StageLoad& stage : input.stages) {
    const bool stands = stage.stands_s >= stands_after_s && stage.in_per_s > 0;
    if (stands && (found == nullptr || stage.stands_s > found->stands_s)) {
      found = &stage;
    }
  }
  if (found == nullptr) {
    return std::nullopt;
  }
  return Verdict{Level::warn, "skewed_watermark",
                 fmt::format("event time has stood still at {} for {} while records come: one of "
                             "its inputs holds it back, and windows wait",
                             subject(*found), duration(found->stands_s)),
                 found->node, found->stands_s};
}

Found errors(const VerdictInput& input) {
  const auto worst = std::max_element(
      input.stages.begin(), input.stages.end(),
      [](const StageLoad& a, const StageLoad& b) { return a.errors_per_s < b.errors_per_s; });
  if (worst == input.stages.end() || !(worst->errors_per_s > 0)) {
    return std::nullopt;
  }
  return Verdict{Level::warn, "errors",
                 fmt::format("{} refuses {} records/s of {}", subject(*worst),
                             people_count(worst->errors_per_s), people_count(worst->in_per_s)),
                 worst->node};
}

Found no_input(const VerdictInput& input) {
  if (input.silent_s < silent_after_s) {
    return std::nullopt;
  }
  return Verdict{Level::ok, "no_input",
                 fmt::format("no record has come for {}: the application waits for input",
                             duration(input.silent_s)),
                 std::nullopt, input.silent_s};
}

}  // namespace

Verdict reach_verdict(const VerdictInput& input) {
  constexpr std::array rules{not_running, peer_away,        checkpoint_stalls,
                             bottleneck,  skewed_watermark, errors,
                             no_input,    no_processor,     near_limit};
  for (const auto rule : rules) {
    if (Found verdict = rule(input)) {
      return *verdict;
    }
  }
  return {Level::ok, "input_limit", "nothing is held back: input is the limit"};
}

std::string_view name_of(Verdict::Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "";
}

}  // namespace wallaroo::internal
