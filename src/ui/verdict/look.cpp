#include "ui/verdict/look.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "route/mailbox.hpp"

namespace wallaroo::internal {

namespace {

/// Nearly full counts, because that is how far a full queue empties before its producer wakes.
constexpr float full_share = static_cast<float>(Mailbox::nearly_full) / Mailbox::capacity;

bool is_full(float share) { return share >= full_share; }

/// The share of the last points in which the queue was full.
double awaited(const History& history, const NumberRing& full) {
  constexpr std::uint64_t points = 5;
  int known = 0;
  int filled = 0;
  for (std::uint64_t i = 0; i < points && history.newest() >= history.oldest() + i; ++i) {
    const float share = full.at(history.newest() - i);
    known += std::isnan(share) ? 0 : 1;
    filled += is_full(share) ? 1 : 0;
  }
  return known == 0 ? 0 : static_cast<double>(filled) / known;
}

/// For how long the watermark has not moved: its lag grew with the time that passed.
double stands_s(const History& history, const NumberRing& lag) {
  double seconds = 0;
  for (std::uint64_t n = history.newest(); n > history.oldest(); --n) {
    const float step = lag.at(n) - lag.at(n - 1);
    if (std::isnan(step) || step < 0.5F) {
      break;
    }
    ++seconds;
  }
  return seconds;
}

double hottest_group(const Sample& sample, std::size_t node) {
  double most = 0;
  for (const StageSample& stage : sample.stages[node]) {
    most = std::max(most, stage.hottest_group);
  }
  return most;
}

StageLoad stage_load(const History& history, std::size_t id) {
  const ViewNode& node = history.view().nodes[id];
  const NodeHistory& past = history.node(id);
  constexpr std::uint64_t a_minute = 60;
  StageLoad load{.node = id, .name = node.name, .kind = node.kind};
  load.segment = history.working_segment(id);
  for (std::size_t i = 0; i < history.sample().executors.size(); ++i) {
    load.busy = std::max(load.busy, std::min(1.0, history.recent(id, i).busy));
    load.in_by_executor.push_back(history.recent(id, i).in);
  }
  load.call_seconds = past.call_seconds;
  load.in_per_s = lately(history, past.in);
  load.errors_per_s = lately(history, past.errors, a_minute);
  load.lag_seconds = lately(history, past.lag, 1);
  load.stands_s = stands_s(history, past.lag);
  load.hottest_group = hottest_group(history.sample(), id);
  return load;
}

std::string point_name(const ViewNode& node) {
  return node.is_sink() ? fmt::format("sink '{}'", node.name)
                        : fmt::format("stage '{}'", node.name);
}

void add_queue(VerdictInput& input, const History& history, std::size_t edge,
               const VerdictFacts& facts) {
  const ViewEdge& shown = history.view().edges[edge];
  const ViewNode& to = history.view().nodes[shown.to];
  auto queue = std::find_if(input.queues.begin(), input.queues.end(),
                            [&](const QueueLoad& one) { return one.node == shown.to; });
  if (queue == input.queues.end()) {
    QueueLoad& added = input.queues.emplace_back();
    added.node = shown.to;
    added.segment = to.segment;
    added.writer = to.is_sink() && !to.encoders.empty();
    added.load.name = point_name(to);
    added.load.rank = to.layer;
    const auto address = facts.addresses.find(to.name);
    added.load.peer = added.writer && address != facts.addresses.end() ? address->second : "";
    queue = input.queues.end() - 1;
  }
  const EdgeHistory& past = history.edge(edge);
  queue->load.awaited = std::max(queue->load.awaited, awaited(history, past.full));
  queue->load.full_s = std::max(queue->load.full_s, seconds_of(history, past.full, is_full));
  queue->load.records_per_s += lately(history, past.records);
  if (shown.kind == "exchange") {
    queue->keyed_by = shown.from;
  }
}

void add_sinks(VerdictInput& input, const History& history, const VerdictFacts& facts) {
  for (std::size_t id = 0; id < history.view().nodes.size(); ++id) {
    const ViewNode& node = history.view().nodes[id];
    if (node.is_sink() && !node.encoders.empty()) {
      const auto address = facts.addresses.find(node.name);
      input.sinks.push_back({id, node.name,
                             address == facts.addresses.end() ? "its receiver" : address->second,
                             history.sample().sinks[id].away_seconds});
    }
  }
}

void add_busy(VerdictInput& input, const History& history) {
  const Sample& sample = history.sample();
  for (std::size_t segment = 0; segment < sample.segments.size(); ++segment) {
    std::vector<double>& shares = input.segment_busy.emplace_back();
    for (std::size_t i = 0; i < sample.executors.size(); ++i) {
      shares.push_back(std::min(1.0, history.recent_segment(segment, i).busy));
    }
  }
  // A segment of one executor is not spread unevenly.
  for (const ViewNode& node : history.view().nodes) {
    if (!node.everywhere && node.segment < input.segment_busy.size()) {
      input.segment_busy[node.segment].clear();
    }
  }
  for (std::size_t i = 0; i < sample.executors.size(); ++i) {
    input.executor_busy.push_back(lately(history, history.executor(i).busy));
  }
}

double silent_s(const History& history) {
  double least = static_cast<double>(history_points);
  for (std::size_t id = 0; id < history.view().nodes.size(); ++id) {
    if (history.view().nodes[id].is_source()) {
      const auto silent = [](float rate) { return rate == 0; };
      least = std::min(least, seconds_of(history, history.node(id).in, silent));
    }
  }
  return least;
}

}  // namespace

double lately(const History& history, const NumberRing& ring, std::uint64_t points) {
  double sum = 0;
  int known = 0;
  for (std::uint64_t i = 0; i < points && history.newest() >= history.oldest() + i; ++i) {
    const float point = ring.at(history.newest() - i);
    if (!std::isnan(point)) {
      sum += static_cast<double>(point);
      ++known;
    }
  }
  return known == 0 ? 0 : sum / known;
}

VerdictInput look_at(const History& history, const VerdictFacts& facts) {
  VerdictInput input;
  input.reading = facts.reading;
  input.stopping = facts.stopping;
  input.sampled = history.newest() > 0;
  if (!input.sampled) {
    return input;
  }
  for (std::size_t id = 0; id < history.view().nodes.size(); ++id) {
    input.stages.push_back(stage_load(history, id));
  }
  for (std::size_t edge = 0; edge < history.view().edges.size(); ++edge) {
    if (history.view().edges[edge].edge) {
      add_queue(input, history, edge, facts);
    }
  }
  add_sinks(input, history, facts);
  add_busy(input, history);
  input.processors = {lately(history, history.process().cpu),
                      lately(history, history.process().waiting)};
  input.silent_s = silent_s(history);
  const CheckpointSample& checkpoints = history.sample().checkpoints;
  input.checkpoints.enabled = checkpoints.present;
  input.checkpoints.any = checkpoints.last_completed > 0;
  input.checkpoints.interval_s = facts.checkpoint_interval_s;
  input.checkpoints.since_last_s =
      history.sample().time - std::max(checkpoints.last_completed, facts.running_since);
  input.checkpoints.failed_lately = history.failed_checkpoints_lately();
  input.checkpoints.last_reason = facts.last_failure;
  return input;
}

}  // namespace wallaroo::internal
