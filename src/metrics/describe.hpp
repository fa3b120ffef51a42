// Gives the engine's counters their names and labels. docs/guide/metrics.md explains each of them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/engine_metrics.hpp"
#include "metrics/registry.hpp"

namespace wallaroo::internal {

/// A stage, source or sink on one executor.
struct StageLabels {
  std::string pipeline;
  std::string name;
  std::string worker;
  int executor = 0;
};

/// An edge: the queues between two segments, or a segment and a sink, for all pairs of executors.
struct EdgeLabels {
  std::size_t edge = 0;  ///< its number in the plan
  std::string from;      ///< the stage that produces
  std::string to;        ///< the stage that consumes
  std::string worker;
};

/// How full the queues of an edge are.
struct EdgeFill {
  std::size_t queued = 0;    ///< batches that wait in all queues
  std::size_t capacity = 0;  ///< batches that all queues can hold
  double fullest = 0;        ///< queued batches / capacity of the fullest queue
};

/// The counters of an edge, one for each executor.
struct EdgeCounters {
  std::vector<const EdgeMetrics*> consumers;
  CounterSum blocked_ns;  ///< of the producers
};

/// A segment, or the writer of a sink, on one executor.
struct SegmentLabels {
  std::size_t segment = 0;  ///< its number in the plan
  std::string kind;
  std::string stages;
  std::string worker;
  int executor = 0;
};

struct ExecutorLabels {
  std::string worker;
  int executor = 0;
};

void register_stage(Registry& registry, const StageLabels& place, const StageMetrics& metrics);
/// Adds the latency of making results, for windows and joins.
void register_output(Registry& registry, const StageLabels& place, const StageMetrics& metrics);
/// Adds the latency of `on_timer`, for computations with timers.
void register_timers(Registry& registry, const StageLabels& place, const StageMetrics& metrics);
/// Adds the metrics of a stage that computes keys.
void register_keys(Registry& registry, const StageLabels& place, const StageMetrics& metrics);
/// Adds the metrics of a stage that makes watermarks or waits for them.
void register_time(Registry& registry, const StageLabels& place, const StageMetrics& metrics);
/// Adds further metrics of a stage with windows or expiring state; call `register_time`, too.
void register_windows(Registry& registry, const StageLabels& place, const StageMetrics& metrics);
/// Adds further metrics of a join; call `register_time`, too.
void register_join(Registry& registry, const StageLabels& place, const StageMetrics& metrics);
void register_source(Registry& registry, const StageLabels& place, const SourceMetrics& metrics);
void register_sink(Registry& registry, const StageLabels& place, const SinkMetrics& metrics);
/// `look` is called when the metrics are read, on the reader's thread, but not more often than once
/// in a tenth of a second.
void register_edge(Registry& registry, const EdgeLabels& place, const EdgeCounters& counters,
                   const std::function<EdgeFill()>& look);
void register_segment(Registry& registry, const SegmentLabels& place,
                      const SegmentMetrics& metrics);
void register_executor(Registry& registry, const ExecutorLabels& place,
                       const ExecutorMetrics& metrics);
void register_checkpoints(Registry& registry, const std::string& worker,
                          const CheckpointMetrics& metrics);
/// "gcc 12.2.0".
std::string_view compiler_version();
/// Adds the version of the engine and the compiler.
void register_build(Registry& registry, std::string_view version);
/// Adds start time, CPU time, memory and descriptors of the whole process, which are looked up
/// whenever the metrics are read.
void register_process(Registry& registry);

}  // namespace wallaroo::internal
