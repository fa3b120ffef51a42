#include "ui/verdict/verdict.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>

#include <fmt/format.h>

#include "base/date_text.hpp"
#include "base/people_numbers.hpp"

namespace wallaroo::internal {

namespace {

using Level = Verdict::Level;
using Found = std::optional<Verdict>;

// Shares of an executor's time.
constexpr double always_busy = 0.95;
constexpr double mostly_busy = 0.8;
constexpr double seldom_busy = 0.5;

/// A key group with this share of the records is mostly one key: there are 256 of them.
constexpr double hot_group = 0.1;
constexpr double away_after_s = 2;
constexpr double silent_after_s = 10;
constexpr double stands_after_s = 20;
constexpr double overdue_after_s = 10;
constexpr double overdue_intervals = 5;

std::string duration(double seconds) {
  return duration_text(static_cast<std::int64_t>(std::round(seconds * 10)) * 100'000'000);
}
std::string short_time(double seconds) {
  return duration_text(static_cast<std::int64_t>(seconds * 1e9));
}
std::string percent(double share) { return fmt::format("{:.0f} %", share * 100); }

std::string subject(const StageLoad& stage) {
  if (stage.kind == "sink" || stage.kind == "source") {
    return fmt::format("{} '{}'", stage.kind, stage.name);
  }
  if (stage.kind == "encoder") {
    return fmt::format("the encoder of sink '{}'", stage.name);
  }
  return stage.kind == "merge" ? "a merge of streams" : fmt::format("stage '{}'", stage.name);
}

const StageLoad* find_stage(const VerdictInput& input, std::size_t node) {
  const auto found = std::find_if(input.stages.begin(), input.stages.end(),
                                  [node](const StageLoad& stage) { return stage.node == node; });
  return found == input.stages.end() ? nullptr : &*found;
}

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

/// The stage that takes most of the time, of a segment or of all.
const StageLoad* costliest(const VerdictInput& input, std::optional<std::size_t> segment) {
  const StageLoad* found = nullptr;
  for (const StageLoad& stage : input.stages) {
    const bool counts = !segment || stage.segment == *segment;
    if (counts && (found == nullptr || stage.busy > found->busy)) {
      found = &stage;
    }
  }
  return found;
}

Verdict hot(const StageLoad& stage, double for_s) {
  const bool encoder = stage.kind == "sink" || stage.kind == "encoder";
  std::string text = fmt::format("{} is the bottleneck: it takes {} of an executor's time",
                                 subject(stage), percent(stage.busy));
  if (encoder) {
    text =
        fmt::format("the encoder of sink '{}' is the bottleneck: it takes {} of an executor's time",
                    stage.name, percent(stage.busy));
  }
  if (stage.call_seconds > 0) {
    text += fmt::format(", {} for a record", short_time(stage.call_seconds));
  }
  return {Level::warn, encoder ? "hot_encoder" : "hot_stage", text, stage.node, for_s};
}

struct Skew {
  std::size_t executor = 0;
  double busiest = 0;
  double others = 0;  ///< mean
};

/// One executor works all the time on this segment, and the others wait for work.
std::optional<Skew> skew_of(const std::vector<double>& busy) {
  if (busy.size() < 2) {
    return std::nullopt;
  }
  const auto most = std::max_element(busy.begin(), busy.end());
  const double others = (std::accumulate(busy.begin(), busy.end(), 0.0) - *most) /
                        static_cast<double>(busy.size() - 1);
  if (*most < mostly_busy || others > seldom_busy) {
    return std::nullopt;
  }
  return Skew{static_cast<std::size_t>(most - busy.begin()), *most, others};
}

Found skewed(const VerdictInput& input, const QueueLoad& queue) {
  if (queue.segment >= input.segment_busy.size()) {
    return std::nullopt;
  }
  const auto skew = skew_of(input.segment_busy[queue.segment]);
  const StageLoad* const stage = find_stage(input, queue.node);
  if (!skew || stage == nullptr) {
    return std::nullopt;
  }
  const std::string where =
      fmt::format("executor {} is busy {} of the time with {}, the others {}", skew->executor,
                  percent(skew->busiest), subject(*stage), percent(skew->others));
  const StageLoad* const key = queue.keyed_by ? find_stage(input, *queue.keyed_by) : nullptr;
  if (key != nullptr && key->hottest_group >= hot_group) {
    return Verdict{Level::warn, "hot_key",
                   fmt::format("a hot key of '{}' is the bottleneck: one key group has {} of the "
                               "records; {}",
                               key->name, percent(key->hottest_group), where),
                   key->node, queue.load.full_s};
  }
  return Verdict{Level::warn, "skewed_executors",
                 fmt::format("records are spread unevenly: {}", where), queue.node,
                 queue.load.full_s};
}

Verdict slow_sink(const QueueLoad& queue) {
  return {Level::warn, "slow_sink",
          fmt::format("{} is the bottleneck: {} takes {} records/s; its queue has been full for {}",
                      queue.load.name, queue.load.peer.empty() ? "it" : queue.load.peer,
                      people_count(queue.load.records_per_s), duration(queue.load.full_s)),
          queue.node, queue.load.full_s};
}

/// Follows full queues to the one furthest downstream, as the log does.
const QueueLoad* last_full_queue(const VerdictInput& input) {
  std::vector<PointLoad> points;
  for (const QueueLoad& queue : input.queues) {
    points.push_back(queue.load);
  }
  const PointLoad* const found = find_bottleneck(points);
  return found == nullptr ? nullptr
                          : &input.queues[static_cast<std::size_t>(found - points.data())];
}

Found full_queue(const VerdictInput& input) {
  const QueueLoad* const last = last_full_queue(input);
  if (last == nullptr) {
    return std::nullopt;
  }
  const QueueLoad& queue = *last;
  if (queue.writer) {
    return slow_sink(queue);
  }
  if (Found verdict = skewed(input, queue)) {
    return verdict;
  }
  const StageLoad* const stage = costliest(input, queue.segment);
  return stage == nullptr ? std::nullopt : Found(hot(*stage, queue.load.full_s));
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

/// No queue is full, but an executor has no time left: what it reads is what it can do.
Found busy_executor(const VerdictInput& input) {
  const bool busy = std::any_of(input.executor_busy.begin(), input.executor_busy.end(),
                                [](double share) { return share >= always_busy; });
  if (!busy) {
    return std::nullopt;
  }
  for (const QueueLoad& queue : input.queues) {
    if (Found verdict = queue.writer ? std::nullopt : skewed(input, queue)) {
      return verdict;
    }
  }
  const StageLoad* const stage = costliest(input, std::nullopt);
  return stage == nullptr ? std::nullopt : Found(hot(*stage, 0));
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
  constexpr std::array rules{not_running, peer_away,     checkpoint_stalls,
                             full_queue,  busy_executor, skewed_watermark,
                             errors,      no_input};
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
