// An application of which only the counters exist: lines -> word -> count -> totals on two
// executors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metrics/describe.hpp"
#include "metrics/engine_metrics.hpp"
#include "metrics/registry.hpp"
#include "ui/history/history.hpp"
#include "ui/history/registry_sampler.hpp"
#include "ui/verdict/verdict.hpp"

namespace wallaroo::internal {

/// Tests change its counters and take samples at times of their own.
struct Counted {
  // Nodes of the view, and edges with queues.
  static constexpr std::size_t lines = 0;
  static constexpr std::size_t word = 1;
  static constexpr std::size_t count = 2;
  static constexpr std::size_t totals = 3;
  static constexpr std::size_t exchange = 1;
  static constexpr std::size_t gather = 2;

  static PlanView make_view() {
    PlanView view;
    view.executors = 2;
    const auto node = [&](const char* kind, const char* name, std::size_t segment, int layer) {
      ViewNode& made = view.nodes.emplace_back();
      made.kind = kind;
      made.name = name;
      made.pipeline = "lines";
      made.segment = segment;
      made.layer = layer;
      made.on_error = "stop";
    };
    node("source", "lines", 0, 0);
    node("key_by", "word", 0, 1);
    node("state", "count", 1, 2);
    node("sink", "totals", 2, 3);
    view.nodes[totals].encoders = {1};
    view.nodes[totals].everywhere = false;
    view.nodes[totals].executor = 1;
    view.edges = {
        {lines, word, "fused"}, {word, count, "exchange", 0}, {count, totals, "gather", 1}};
    return view;
  }

  Counted() {
    const char* const names[] = {"lines", "word", "count", "totals"};
    for (std::size_t node = 0; node < stages.size(); ++node) {
      for (int executor = 0; executor < 2; ++executor) {
        const StageMetrics& metrics = stages[node][static_cast<std::size_t>(executor)];
        const StageLabels place{"lines", names[node], "worker1", executor};
        register_stage(registry, place, metrics);
        if (node == count) {
          registry.add_counter({"wallaroo_stage_dropped_records_total", "D."},
                               {{"pipeline", "lines"},
                                {"stage", "count"},
                                {"worker", "worker1"},
                                {"executor", std::to_string(executor)}},
                               metrics.dropped_records);
        }
        if (node == word) {
          register_keys(registry, place, metrics);
        }
      }
    }
    for (std::size_t executor = 0; executor < 2; ++executor) {
      registry.add_callback({"wallaroo_stage_watermark_timestamp_seconds", "W."}, MetricType::gauge,
                            {{"pipeline", "lines"},
                             {"stage", "count"},
                             {"worker", "worker1"},
                             {"executor", std::to_string(executor)}},
                            [this, executor] { return watermark_s[executor]; });
      const auto number = static_cast<int>(executor);
      register_executor(registry, {"worker1", number}, executors[executor]);
      register_segment(registry, {0, "source", "lines, word", "worker1", number},
                       segments[0][executor]);
      register_segment(registry, {1, "segment", "count, totals", "worker1", number},
                       segments[1][executor]);
    }
    register_segment(registry, {2, "writer", "totals", "worker1", 1}, segments[2][1]);
    register_source(registry, {"lines", "lines", "worker1", 0}, source);
    register_sink(registry, {"lines", "totals", "worker1", 1}, sink);
    for (std::size_t edge = 0; edge < 2; ++edge) {
      const auto gauge = [&](const char* name, double EdgeFillNumbers::*field) {
        registry.add_callback({name, "G."}, MetricType::gauge,
                              {{"edge", std::to_string(edge)},
                               {"from", edge == 0 ? "word" : "count"},
                               {"to", edge == 0 ? "count" : "totals"},
                               {"worker", "worker1"}},
                              [this, field] { return fill.*field; });
      };
      gauge("wallaroo_edge_queued_batches", &EdgeFillNumbers::queued);
      gauge("wallaroo_edge_capacity_batches", &EdgeFillNumbers::capacity);
      gauge("wallaroo_edge_fullest_queue_ratio", &EdgeFillNumbers::fullest);
      registry.add_counter({"wallaroo_edge_records_total", "R."},
                           {{"edge", std::to_string(edge)},
                            {"from", edge == 0 ? "word" : "count"},
                            {"to", edge == 0 ? "count" : "totals"},
                            {"worker", "worker1"}},
                           edges[edge].records);
    }
    sampler.emplace(registry, history.view());
  }

  struct EdgeFillNumbers {
    double queued = 0;
    double capacity = 64;
    double fullest = 0;
  };

  /// Takes a sample `after_s` after the one before.
  void sample(double after_s = 1) {
    time_s += after_s;
    for (ExecutorMetrics& executor : executors) {
      executor.idle_ns.add(idle ? 1'000'000 : 0);
    }
    cpu_s += processors.running * after_s;
    waited_s += processors.waiting * after_s;
    Sample& taken = sampler->take(static_cast<std::int64_t>(time_s * 1e9), time_s);
    taken.process.cpu_seconds = cpu_s;
    taken.process.waited_seconds = waited_s;
    history.add(taken);
  }

  Registry registry{"words"};
  std::array<std::array<StageMetrics, 2>, 4> stages;
  std::array<std::array<SegmentMetrics, 2>, 3> segments;
  std::array<ExecutorMetrics, 2> executors;
  std::array<EdgeMetrics, 2> edges;
  SourceMetrics source;
  SinkMetrics sink;
  EdgeFillNumbers fill;
  std::array<double, 2> watermark_s{unknown, unknown};
  ProcessorLoad processors;  ///< of the process
  double cpu_s = 0;
  double waited_s = 0;
  double time_s = 1000;
  bool idle = true;  ///< executors count a little of their time as idle
  History history{make_view()};
  std::optional<RegistrySampler> sampler;
};

}  // namespace wallaroo::internal
