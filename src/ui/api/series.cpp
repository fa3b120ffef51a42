#include "ui/api/series.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "ui/history/percentiles.hpp"
#include "ui/verdict/verdict.hpp"

namespace wallaroo::internal {

namespace {

class Writer {
 public:
  Writer(const History& history, const RunFacts& facts, const Window& window)
      : history_(history),
        view_(history.view()),
        facts_(facts),
        window_(window),
        json_(begin_document(facts.plan_id)) {}

  std::string write() {
    json_.member("application", facts_.application).member("time", history_.sample().time);
    json_.member("state", state()).member("uptime_seconds", uptime());
    write_window(json_, history_, window_);
    json_.member("step_seconds", 1);
    write_bounds(json_);
    write_verdict();
    write_summary();
    write_nodes();
    write_edges();
    write_sinks();
    write_sources();
    write_executors();
    write_workers();
    return json_.end_object().take();
  }

 private:
  std::string_view state() const {
    const VerdictFacts& verdict = facts_.verdict;
    return verdict.stopping ? "stopping" : verdict.reading ? "running" : "starting";
  }
  double uptime() const {
    const double started = history_.sample().process.started;
    return started > 0 ? history_.sample().time - started : unknown;
  }

  void write_verdict() {
    const Verdict verdict = reach_verdict(look_at(history_, facts_.verdict));
    json_.key("verdict").begin_object().member("level", name_of(verdict.level));
    json_.member("rule", verdict.rule).member("text", verdict.text);
    if (verdict.node) {
      json_.member("node", *verdict.node);
    }
    if (verdict.for_s > 0) {
      json_.member("since", history_.sample().time - verdict.for_s);
    }
    json_.end_object();
  }

  /// The rates of all sources, or of all sinks, summed up by point.
  template <class Takes>
  RateFigures throughput(NumberRing NodeHistory::*rate, Takes&& takes) const {
    std::vector<float> sum(points_of(history_, history_.process().cpu, window_.length).size());
    for (std::size_t id = 0; id < view_.nodes.size(); ++id) {
      if (takes(view_.nodes[id])) {
        const std::vector<float> points =
            points_of(history_, history_.node(id).*rate, window_.length);
        std::transform(sum.begin(), sum.end(), points.begin(), sum.begin(), std::plus<>());
      }
    }
    return rate_figures(std::move(sum));
  }

  void write_summary() {
    json_.key("summary").begin_object().member("seconds", window_.length);
    json_.key("in");
    internal::write(
        json_, throughput(&NodeHistory::in, [](const ViewNode& node) { return node.is_source(); }));
    json_.key("out");
    internal::write(
        json_, throughput(&NodeHistory::out, [](const ViewNode& node) { return node.is_sink(); }));
    write_losses();
    BinArray latency{};
    for (std::size_t id = 0; id < view_.nodes.size(); ++id) {
      if (const SinkHistory* const sink = history_.sink(id)) {
        const BinArray its = sum_of(history_, sink->latency, window_.length);
        std::transform(latency.begin(), latency.end(), its.begin(), latency.begin(), std::plus<>());
      }
    }
    json_.key("latency");
    internal::write(json_, percentiles(latency));
    json_.key("checkpoint_age").value(checkpoint_age()).end_object();
  }

  void write_losses() {
    double errors = 0;
    double late = 0;
    float lag = std::numeric_limits<float>::quiet_NaN();
    for (std::size_t id = 0; id < view_.nodes.size(); ++id) {
      for (const StageSample& stage : stages(id)) {
        errors += stage.errors;
        late += stage.late;
      }
      if (window_.last > 0) {
        lag = std::fmax(lag, history_.node(id).lag.at(window_.last));
      }
    }
    json_.member("errors", static_cast<std::uint64_t>(errors));
    json_.member("late", static_cast<std::uint64_t>(late)).member("lag_seconds", lag);
  }

  /// Before the first sample there are none.
  const std::vector<StageSample>& stages(std::size_t node) const {
    static const std::vector<StageSample> none;
    const auto& all = history_.sample().stages;
    return node < all.size() ? all[node] : none;
  }

  double checkpoint_age() const {
    const double completed = history_.sample().checkpoints.last_completed;
    return completed > 0 ? history_.sample().time - completed : unknown;
  }

  void write_nodes() {
    json_.key("nodes").begin_object();
    for (std::size_t id = 0; id < view_.nodes.size(); ++id) {
      const NodeHistory& node = history_.node(id);
      json_.key(std::to_string(id)).begin_object();
      points("in", node.in);
      points("out", node.out);
      points("errors", node.errors);
      points("busy", node.busy);
      points("lag_seconds", node.lag);
      quantiles("p50", node.calls, 0.5);
      quantiles("p99", node.calls, 0.99);
      json_.end_object();
    }
    json_.end_object();
  }

  void write_edges() {
    json_.key("edges").begin_object();
    for (std::size_t id = 0; id < view_.edges.size(); ++id) {
      if (view_.edges[id].edge) {
        const EdgeHistory& edge = history_.edge(id);
        json_.key(std::to_string(id)).begin_object();
        points("records", edge.records);
        points("full", edge.full);
        points("queued", edge.queued);
        json_.end_object();
      }
    }
    json_.end_object();
  }

  void write_sinks() {
    json_.key("sinks").begin_object();
    for (std::size_t id = 0; id < view_.nodes.size(); ++id) {
      const SinkHistory* const sink = history_.sink(id);
      if (sink == nullptr || view_.nodes[id].encoders.empty()) {
        continue;
      }
      json_.key(std::to_string(id)).begin_object().key("latency_bins").begin_array();
      for (std::uint64_t n = window_.first; n <= window_.last; ++n) {
        write_bins(json_, sink->latency.at(n));
      }
      json_.end_array().key("latency");
      internal::write(json_, percentiles(sum_of(history_, sink->latency, window_.length)));
      points("buffered", sink->buffered);
      points("connected", sink->connected);
      const auto& sinks = history_.sample().sinks;
      json_.member("away_seconds", id < sinks.size() ? sinks[id].away_seconds : 0.0);
      json_.member("lost", static_cast<std::uint64_t>(id < sinks.size() ? sinks[id].lost : 0));
      json_.end_object();
    }
    json_.end_object();
  }

  void write_sources() {
    json_.key("sources").begin_object();
    for (std::size_t id = 0; id < view_.nodes.size(); ++id) {
      if (const SourceHistory* const source = history_.source(id)) {
        json_.key(std::to_string(id)).begin_object();
        points("connections", source->connections);
        points("bad", source->bad);
        points("bytes", source->bytes);
        json_.end_object();
      }
    }
    json_.end_object();
  }

  void write_executors() {
    json_.key("executors").begin_array();
    for (int executor = 0; executor < view_.executors; ++executor) {
      const ExecutorHistory& past = history_.executor(static_cast<std::size_t>(executor));
      json_.begin_object().member("worker", facts_.worker).member("executor", executor);
      points("busy", past.busy);
      points("blocked", past.blocked);
      json_.end_object();
    }
    json_.end_array();
  }

  void write_workers() {
    const ProcessHistory& process = history_.process();
    json_.key("workers").begin_array().begin_object().member("worker", facts_.worker);
    points("cpu", process.cpu);
    points("cpu_waiting", process.waiting);
    points("rss", process.rss);
    const double descriptors = history_.sample().process.open_descriptors;
    json_.member("open_fds", static_cast<std::uint64_t>(descriptors));
    json_.member("uptime_seconds", uptime()).member("version", facts_.version);
    points("checkpoint_age", process.checkpoint_age);
    json_.end_object().end_array();
  }

  void points(std::string_view name, const NumberRing& ring) {
    write_points(json_, name, ring, window_);
  }

  void quantiles(std::string_view name, const CallRing& ring, double rank) {
    json_.key(name).begin_array();
    for (std::uint64_t n = window_.first; n <= window_.last; ++n) {
      BinArray bins{};
      const auto& point = ring.at(n);
      std::copy(point.in_bin.begin(), point.in_bin.end(), bins.begin());
      json_.value(static_cast<float>(quantile(bins, rank)));
    }
    json_.end_array();
  }

  const History& history_;
  const PlanView& view_;
  const RunFacts& facts_;
  const Window& window_;
  JsonText json_;
};

}  // namespace

std::string render_series(const History& history, const RunFacts& facts, const Window& window) {
  return Writer(history, facts, window).write();
}

}  // namespace wallaroo::internal
