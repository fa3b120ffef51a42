#include "ui/history/history.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace wallaroo::internal {

namespace {

/// Counters never go back while a run lasts; what is read one after the other may differ a little.
double growth(double now, double before) { return std::max(0.0, now - before); }

/// May be above 1, because the time of a batch is counted when the batch is done.
double share(double now, double before, double seconds) { return growth(now, before) / seconds; }

/// Moves a mean of an executor that forgets within some seconds. While its counters stand, nothing
/// is known, and what they say then is about several points.
void follow(double& mean, double value, const ExecutorHistory& executor) {
  if (executor.stands_for > 0) {
    return;
  }
  for (int point = 0; point < std::min(executor.took, 20); ++point) {
    mean += (value / executor.took - mean) * 0.35;
  }
}

/// That much, divided among points as the other counts are.
std::vector<double> like(std::vector<double> others, double much) {
  const double all = std::accumulate(others.begin(), others.end(), 0.0);
  if (!(all > 0)) {
    return {much};
  }
  for (double& other : others) {
    other *= much / all;
  }
  return others;
}

BinArray growth(const BinCounts& now, const BinCounts& before) {
  BinArray bins{};
  for (std::size_t i = 0; i < bins.size(); ++i) {
    bins[i] = growth(now.in_bin[i], before.in_bin[i]);
  }
  return bins;
}

double all(const BinArray& bins) {
  double sum = 0;
  for (const double count : bins) {
    sum += count;
  }
  return sum;
}

/// The mean time of the calls since the sample before, over all executors; `otherwise` without any.
double mean_seconds(const std::vector<StageSample>& now, const std::vector<StageSample>& before,
                    BinCounts StageSample::*calls, double otherwise) {
  double seconds = 0;
  double count = 0;
  for (std::size_t i = 0; i < now.size(); ++i) {
    seconds += growth((now[i].*calls).sum_seconds, (before[i].*calls).sum_seconds);
    count += all(growth(now[i].*calls, before[i].*calls));
  }
  return count > 0 ? seconds / count : otherwise;
}

}  // namespace

History::History(PlanView view)
    : view_(std::move(view)),
      nodes_(view_.nodes.size()),
      edges_(view_.edges.size()),
      sources_(view_.nodes.size()),
      sinks_(view_.nodes.size()),
      executors_(static_cast<std::size_t>(view_.executors)) {
  recent_.assign(view_.nodes.size(), std::vector<RecentStage>(executors_.size()));
  for (std::size_t id = 0; id < view_.nodes.size(); ++id) {
    if (view_.nodes[id].is_source()) {
      sources_[id].emplace_back();
    } else if (view_.nodes[id].is_sink()) {
      sinks_[id].emplace_back();
    }
    const std::size_t segment = working_segment(id);
    nodes_of_segment_.resize(std::max(nodes_of_segment_.size(), segment + 1));
    nodes_of_segment_[segment].push_back(id);
  }
}

std::size_t History::working_segment(std::size_t node) const {
  const ViewNode& shown = view_.nodes[node];
  return shown.encoders.empty() ? shown.segment : shown.encoders.front();
}

double History::failed_checkpoints_lately() const {
  double failed = 0;
  for (std::uint64_t i = 0; i < 60 && newest_ >= oldest() + i; ++i) {
    const float point = process_.failed.at(newest_ - i);
    failed += std::isnan(point) ? 0.0 : static_cast<double>(point);
  }
  return failed;
}

void History::add(const Sample& sample) {
  const double seconds = static_cast<double>(sample.steady_ns - sample_.steady_ns) / 1e9;
  const bool first = newest_ == 0 && sample_.steady_ns == 0;
  // Timers are seldom late by more than some milliseconds.
  const bool in_time = counters_continue_ && seconds > 0.5 && seconds < 1.5;
  if (recent_segments_.empty()) {
    recent_segments_.assign(sample.segments.size(), std::vector<RecentSegment>(executors_.size()));
  }
  if (in_time) {
    ++newest_;
    add_point(sample, seconds);
  } else if (!first) {
    skip(static_cast<std::uint64_t>(std::max(1.0, std::round(seconds))));
  }
  sample_ = sample;
  counters_continue_ = true;
}

void History::skip(std::uint64_t points) {
  // Longer gaps than the history are as long as that.
  newest_ += points > history_points ? points - history_points : 0;
  for (std::uint64_t i = 0; i < std::min(points, history_points); ++i) {
    ++newest_;
    blank();
  }
}

void History::blank() {
  const auto missing = [this](auto&... rings) { (rings.set(newest_, unknown), ...); };
  for (NodeHistory& node : nodes_) {
    missing(node.in, node.out, node.errors, node.busy, node.lag);
    node.calls.at(newest_) = {};
  }
  for (EdgeHistory& edge : edges_) {
    missing(edge.records, edge.full, edge.queued);
  }
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    for (SourceHistory& source : sources_[id]) {
      missing(source.connections, source.bad, source.bytes);
    }
    for (SinkHistory& sink : sinks_[id]) {
      missing(sink.buffered, sink.connected);
      sink.latency.at(newest_) = {};
    }
  }
  for (ExecutorHistory& executor : executors_) {
    missing(executor.busy, executor.blocked);
  }
  missing(process_.cpu, process_.waiting, process_.rss, process_.checkpoint_age, process_.failed);
}

void History::add_point(const Sample& now, double seconds) {
  for (std::size_t i = 0; i < executors_.size(); ++i) {
    look_whether_it_stands(i, now.executors[i]);
  }
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    set_node(id, now, seconds);
  }
  set_busy(now, seconds);
  for (std::size_t id = 0; id < edges_.size(); ++id) {
    const double records = growth(now.edges[id].records, sample_.edges[id].records);
    edges_[id].records.set(newest_, records / seconds);
  }
  for (std::size_t i = 0; i < executors_.size(); ++i) {
    set_executor(i, now.executors[i], seconds);
  }
  process_.cpu.set(newest_, growth(now.process.cpu_seconds, sample_.process.cpu_seconds) / seconds);
  process_.waiting.set(
      newest_, growth(now.process.waited_seconds, sample_.process.waited_seconds) / seconds);
  set_gauges(now);
}

/// What exceeds a second belongs to the seconds before, when nothing was counted yet.
void History::spread_back(NumberRing& ring, double seconds_busy) const {
  ring.set(newest_, std::min(1.0, seconds_busy));
  double left = seconds_busy - 1;
  for (std::uint64_t n = newest_ - 1; left > 0 && n >= oldest() && n > 0; --n, left -= 1) {
    if (!std::isnan(ring.at(n))) {
      ring.set(n, std::max(static_cast<double>(ring.at(n)), std::min(1.0, left)));
    }
  }
}

/// An executor that sleeps brings its counters up to date once a second. If they stand still for
/// longer, it works on a batch that is not done.
void History::look_whether_it_stands(std::size_t executor, const ExecutorSample& after) {
  const ExecutorSample& before = sample_.executors[executor];
  const double counted = growth(after.busy_seconds, before.busy_seconds) +
                         growth(after.blocked_seconds, before.blocked_seconds) +
                         growth(after.idle_seconds, before.idle_seconds);
  ExecutorHistory& past = executors_[executor];
  past.took = counted > 0 ? past.stands_for + 1 : 1;
  past.stands_for = counted > 0 ? 0 : past.stands_for + 1;
}

/// The records of a batch are counted when it is done. They belong to all the seconds it took.
void History::add_to(Past& past, double growth, std::size_t executor) const {
  const auto took = std::min(static_cast<std::size_t>(executors_[executor].took),
                             static_cast<std::size_t>(newest_ + 1 - oldest()));
  past.resize(std::max({past.size(), took, std::size_t{1}}));
  for (std::size_t ago = 0; ago < took; ++ago) {
    past[ago] += growth / static_cast<double>(took);
  }
}

void History::set_rate(NumberRing& ring, const Past& past, double seconds) const {
  ring.set(newest_, past.empty() ? 0 : past.front() / seconds);
  for (std::size_t ago = 1; ago < past.size(); ++ago) {
    const auto earlier = static_cast<double>(ring.at(newest_ - ago));
    ring.set(newest_ - ago, earlier + past[ago] / seconds);
  }
}

void History::set_executor(std::size_t executor, const ExecutorSample& after, double seconds) {
  const ExecutorSample& before = sample_.executors[executor];
  const double busy = share(after.busy_seconds, before.busy_seconds, seconds);
  const double blocked = share(after.blocked_seconds, before.blocked_seconds, seconds);
  ExecutorHistory& past = executors_[executor];
  spread_back(past.busy, past.stands_for > 1 ? 2 : busy);
  spread_back(past.blocked, blocked);
}

/// A node without counters of its own, such as a merge, has those of the edges into it.
double History::records_into(std::size_t node, const Sample& now) const {
  double records = 0;
  for (std::size_t id = 0; id < edges_.size(); ++id) {
    if (view_.edges[id].to == node) {
      records += growth(now.edges[id].records, sample_.edges[id].records);
    }
  }
  return records;
}

void History::set_node(std::size_t id, const Sample& now, double seconds) {
  NodeHistory& node = nodes_[id];
  const auto& after = now.stages[id];
  const auto& before = sample_.stages[id];
  Past in;
  Past out;
  Past errors;
  double watermark = unknown;
  BinArray calls{};
  for (std::size_t i = 0; i < after.size(); ++i) {
    const double its_in = growth(after[i].in, before[i].in);
    const double its_out = growth(after[i].out, before[i].out);
    follow(recent_[id][i].in, its_in / seconds, executors_[i]);
    follow(recent_[id][i].out, its_out / seconds, executors_[i]);
    add_to(in, its_in, i);
    add_to(out, its_out, i);
    add_to(errors, growth(after[i].errors, before[i].errors), i);
    watermark = std::fmin(watermark, after[i].watermark);
    const BinArray its_calls = growth(after[i].calls, before[i].calls);
    for (std::size_t bin = 0; bin < calls.size(); ++bin) {
      calls[bin] += its_calls[bin];
    }
  }
  if (!view_.nodes[id].is_stage()) {
    in = out = {records_into(id, now)};
  } else if (view_.nodes[id].is_source()) {
    in = like(out, growth(now.sources[id].records, sample_.sources[id].records));
  } else if (view_.nodes[id].is_sink() && !view_.nodes[id].encoders.empty()) {
    out = {growth(now.sinks[id].records, sample_.sinks[id].records)};
  }
  set_rate(node.in, in, seconds);
  set_rate(node.out, out, seconds);
  set_rate(node.errors, errors, seconds);
  node.lag.set(newest_, now.time - watermark);
  node.calls.at(newest_) = BinPoint<std::uint16_t>::of(calls);
  node.call_seconds = mean_seconds(after, before, &StageSample::calls, node.call_seconds);
  node.output_seconds = mean_seconds(after, before, &StageSample::outputs, node.output_seconds);
}

void History::set_busy(const Sample& now, double seconds) {
  std::vector<double> shares(nodes_.size());
  for (std::size_t segment = 0; segment < now.segments.size(); ++segment) {
    for (std::size_t i = 0; i < executors_.size(); ++i) {
      const SegmentSample& before = sample_.segments[segment][i];
      const SegmentSample& after = now.segments[segment][i];
      RecentSegment& recent = recent_segments_[segment][i];
      follow(recent.busy, share(after.busy_seconds, before.busy_seconds, seconds), executors_[i]);
      follow(recent.blocked, share(after.blocked_seconds, before.blocked_seconds, seconds),
             executors_[i]);
    }
    if (segment < nodes_of_segment_.size()) {
      set_segment_busy(segment, now, seconds, shares);
    }
  }
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    spread_back(nodes_[id].busy, shares[id]);
  }
}

/// The time that a stage took on an executor, as far as its samples tell.
double History::cost(std::size_t node, std::size_t executor, const Sample& now) const {
  const StageSample& after = now.stages[node][executor];
  const StageSample& before = sample_.stages[node][executor];
  return growth(after.in, before.in) * nodes_[node].call_seconds +
         growth(after.out, before.out) * nodes_[node].output_seconds;
}

/// On how many executors the node runs.
double History::executors_of(std::size_t node, const Sample& now) const {
  const auto count = std::count_if(now.stages[node].begin(), now.stages[node].end(),
                                   [](const StageSample& stage) { return stage.present; });
  if (count > 0) {
    return static_cast<double>(count);
  }
  return view_.nodes[node].everywhere ? static_cast<double>(executors_.size()) : 1;
}

/// Divides the time of a segment among its stages, and adds to their shares.
void History::set_segment_busy(std::size_t segment, const Sample& now, double seconds,
                               std::vector<double>& shares) {
  const std::vector<std::size_t>& stages = nodes_of_segment_[segment];
  for (std::size_t i = 0; i < executors_.size(); ++i) {
    const double busy = share(now.segments[segment][i].busy_seconds,
                              sample_.segments[segment][i].busy_seconds, seconds);
    double sum = 0;
    for (const std::size_t node : stages) {
      sum += cost(node, i, now);
    }
    for (const std::size_t node : stages) {
      const double part =
          sum > 0 ? cost(node, i, now) / sum : 1 / static_cast<double>(stages.size());
      follow(recent_[node][i].busy, busy * part, executors_[i]);
      shares[node] += busy * part / executors_of(node, now);
    }
  }
}

void History::set_gauges(const Sample& now) {
  for (std::size_t id = 0; id < edges_.size(); ++id) {
    edges_[id].full.set(newest_, now.edges[id].fullest);
    edges_[id].queued.set(newest_, now.edges[id].queued);
  }
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    for (SourceHistory& source : sources_[id]) {
      const SourceSample& before = sample_.sources[id];
      source.connections.set(newest_, now.sources[id].connections);
      source.bad.set(newest_, growth(now.sources[id].bad, before.bad));
      source.bytes.set(newest_, growth(now.sources[id].bytes, before.bytes));
    }
    for (SinkHistory& sink : sinks_[id]) {
      sink.buffered.set(newest_, now.sinks[id].buffered);
      sink.connected.set(newest_, now.sinks[id].connected);
      sink.latency.at(newest_) =
          BinPoint<float>::of(growth(now.sinks[id].latency, sample_.sinks[id].latency));
    }
  }
  process_.rss.set(newest_, now.process.resident_bytes);
  process_.failed.set(newest_, growth(now.checkpoints.failed, sample_.checkpoints.failed));
  const double completed = now.checkpoints.last_completed;
  process_.checkpoint_age.set(newest_, completed > 0 ? now.time - completed : unknown);
}

}  // namespace wallaroo::internal
