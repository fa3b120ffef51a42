#include "ui/verdict/bottleneck.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/date_text.hpp"
#include "base/people_numbers.hpp"
#include "ui/verdict/words.hpp"

namespace wallaroo::internal {

namespace {

using Level = Verdict::Level;
using Found = std::optional<Verdict>;

// Shares of an executor's time.
constexpr double always_busy = 0.95;
constexpr double mostly_busy = 0.8;
constexpr double seldom_busy = 0.5;
/// An executor with so many times the records of the others, on average, has an uneven share.
constexpr double uneven_factor = 2;

// When the machine has too few processors.
constexpr double much_waiting = 0.25;    ///< share of the time in which threads could run
constexpr double waiting_threads = 0.2;  ///< on average; less is the noise of an idle application

/// A key group with this share of the records is mostly one key: there are 256 of them.
constexpr double hot_group = 0.1;

std::string short_time(double seconds) {
  return duration_text(static_cast<std::int64_t>(seconds * 1e9));
}

const StageLoad* find_stage(const VerdictInput& input, std::size_t node) {
  const auto found = std::find_if(input.stages.begin(), input.stages.end(),
                                  [node](const StageLoad& stage) { return stage.node == node; });
  return found == input.stages.end() ? nullptr : &*found;
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

/// The executor with most of something, and the mean of the others.
struct Skew {
  std::size_t executor = 0;
  double most = 0;
  double others = 0;
};

Skew skew_of(const std::vector<double>& loads, std::size_t executor) {
  const double all = std::accumulate(loads.begin(), loads.end(), 0.0);
  return {executor, loads[executor],
          (all - loads[executor]) / static_cast<double>(loads.size() - 1)};
}

std::size_t busiest(const std::vector<double>& loads) {
  return static_cast<std::size_t>(std::max_element(loads.begin(), loads.end()) - loads.begin());
}

/// One executor gets most records, and the others have time left. Records are counted, and so tell
/// this also on a machine whose processors are taken by other programs.
std::optional<Skew> skew_by_records(const std::vector<double>& records,
                                    const std::vector<double>& busy) {
  if (busy.size() < 2 || records.size() != busy.size()) {
    return std::nullopt;
  }
  const Skew spread = skew_of(records, busiest(records));
  const Skew time = skew_of(busy, spread.executor);
  const bool uneven = spread.most > 0 && spread.most >= uneven_factor * spread.others;
  return uneven && time.others <= std::min(seldom_busy, time.most) ? std::optional(time)
                                                                   : std::nullopt;
}

/// One executor works all the time on this segment, and the others wait for work.
std::optional<Skew> skew_by_time(const std::vector<double>& busy) {
  if (busy.size() < 2) {
    return std::nullopt;
  }
  const Skew time = skew_of(busy, busiest(busy));
  return time.most >= mostly_busy && time.others <= seldom_busy ? std::optional(time)
                                                                : std::nullopt;
}

/// `full`: the queue is, so its segment is known to be slow.
Found skewed(const VerdictInput& input, const QueueLoad& queue, bool full) {
  const StageLoad* const stage = find_stage(input, queue.node);
  if (queue.segment >= input.segment_busy.size() || stage == nullptr) {
    return std::nullopt;
  }
  const std::vector<double>& busy = input.segment_busy[queue.segment];
  std::optional<Skew> skew = skew_by_time(busy);
  if (!skew && full) {
    skew = skew_by_records(stage->in_by_executor, busy);
  }
  if (!skew) {
    return std::nullopt;
  }
  const std::string where =
      fmt::format("executor {} is busy {} of the time with {}, the others {}", skew->executor,
                  percent(skew->most), subject(*stage), percent(skew->others));
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

/// No queue is full, but an executor has no time left: what it reads is what it can do.
Found busy_executor(const VerdictInput& input) {
  const bool busy = std::any_of(input.executor_busy.begin(), input.executor_busy.end(),
                                [](double share) { return share >= always_busy; });
  if (!busy) {
    return std::nullopt;
  }
  for (const QueueLoad& queue : input.queues) {
    if (Found verdict = queue.writer ? std::nullopt : skewed(input, queue, false)) {
      return verdict;
    }
  }
  const StageLoad* const stage = costliest(input, std::nullopt);
  return stage == nullptr ? std::nullopt : Found(hot(*stage, 0));
}

double busiest_executor(const VerdictInput& input) {
  const auto& busy = input.executor_busy;
  return busy.empty() ? 0 : *std::max_element(busy.begin(), busy.end());
}

}  // namespace

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
  if (Found verdict = skewed(input, queue, true)) {
    return verdict;
  }
  const StageLoad* const stage = costliest(input, queue.segment);
  return stage == nullptr ? std::nullopt : Found(hot(*stage, queue.load.full_s));
}

Found bottleneck(const VerdictInput& input) {
  Found verdict = full_queue(input);
  if (!verdict) {
    verdict = busy_executor(input);
  }
  if (const double share = starved_share(input.processors); verdict && share > 0) {
    verdict->text += fmt::format(
        "; the machine has too little time for it: threads that could run wait {} of "
        "that time for a processor",
        percent(share));
  }
  return verdict;
}

/// Executors are neither idle nor always busy, and what they would do with a processor of their
/// own is not known.
Found no_processor(const VerdictInput& input) {
  const double share = starved_share(input.processors);
  if (share == 0 || busiest_executor(input) < seldom_busy) {
    return std::nullopt;
  }
  return Verdict{Level::warn, "no_processor",
                 fmt::format("the machine is too busy to tell what holds the application back: its "
                             "threads wait for a processor {} of the time in which they could run",
                             percent(share))};
}

Found near_limit(const VerdictInput& input) {
  const double busy = busiest_executor(input);
  const StageLoad* const stage = costliest(input, std::nullopt);
  if (busy < mostly_busy || stage == nullptr) {
    return std::nullopt;
  }
  return Verdict{Level::ok, "near_limit",
                 fmt::format("nothing is held back yet, but an executor is busy {} of the time; {} "
                             "costs most",
                             percent(busy), subject(*stage)),
                 stage->node};
}

double starved_share(const ProcessorLoad& load) {
  const double able = load.running + load.waiting;
  const bool starved = load.waiting >= waiting_threads && load.waiting >= much_waiting * able;
  return starved ? load.waiting / able : 0;
}

}  // namespace wallaroo::internal
