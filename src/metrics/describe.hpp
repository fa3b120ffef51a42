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
struct StagePlace {
  std::string pipeline;
  std::string name;
  std::string worker;
  int executor = 0;
};

/// The queues between two segments, or a segment and a sink, of all pairs of executors.
struct EdgePlace {
  int edge = 0;      ///< its number in the plan
  std::string from;  ///< the stage that produces
  std::string to;    ///< the stage that consumes
  std::string worker;
};

/// How full the queues of an edge are.
struct EdgeFill {
  std::size_t queued = 0;    ///< batches, in all of them
  std::size_t capacity = 0;  ///< batches, of all of them
  double fullest = 0;        ///< of the fullest: queued batches / capacity
};

/// What an edge counts, by executor.
struct EdgeCounters {
  std::vector<const EdgeMetrics*> consumers;
  CounterSum blocked_ns;  ///< of its producers
};

/// What an executor serves in turn: a segment that begins with a source, another segment, or the
/// writer of a sink.
struct SegmentPlace {
  int segment = 0;  ///< its number in the plan
  std::string kind;
  std::string stages;
  std::string worker;
  int executor = 0;
};

struct ExecutorPlace {
  std::string worker;
  int executor = 0;
};

void register_stage(Registry& registry, const StagePlace& place, const StageMetrics& metrics);
/// Of a stage whose results take a function of their own, and of one that handles timers.
void register_output(Registry& registry, const StagePlace& place, const StageMetrics& metrics);
void register_timers(Registry& registry, const StagePlace& place, const StageMetrics& metrics);
/// Of a stage that computes keys.
void register_keys(Registry& registry, const StagePlace& place, const StageMetrics& metrics);
/// The numbers of a stage that makes watermarks or waits for them, besides those of every stage.
void register_time(Registry& registry, const StagePlace& place, const StageMetrics& metrics);
/// In addition, of such a stage that is not a join, and of one that is.
void register_windows(Registry& registry, const StagePlace& place, const StageMetrics& metrics);
void register_join(Registry& registry, const StagePlace& place, const StageMetrics& metrics);
void register_source(Registry& registry, const StagePlace& place, const SourceMetrics& metrics);
void register_sink(Registry& registry, const StagePlace& place, const SinkMetrics& metrics);
/// `fill` is called when somebody reads, on that thread.
void register_edge(Registry& registry, const EdgePlace& place, const EdgeCounters& counters,
                   const std::function<EdgeFill()>& fill);
void register_segment(Registry& registry, const SegmentPlace& place,
                      const SegmentMetrics& metrics);
void register_executor(Registry& registry, const ExecutorPlace& place,
                       const ExecutorMetrics& metrics);
void register_checkpoints(Registry& registry, const std::string& worker,
                          const CheckpointMetrics& metrics);
/// Which program this is: the version of the engine, and the compiler.
void register_build(Registry& registry, std::string_view version);
/// Start time, CPU time, memory and descriptors of the whole process, read when asked for.
void register_process(Registry& registry);

}  // namespace wallaroo::internal
