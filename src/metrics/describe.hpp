// Gives the engine's counters their names and labels. docs/guide/metrics.md explains each of them.
#pragma once

#include <functional>
#include <string>

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

/// A queue between two executors.
struct EdgePlace {
  int edge = 0;      ///< its number in the plan
  std::string from;  ///< the stage that produces
  std::string to;    ///< the stage that consumes
  std::string worker;
  int from_executor = 0;
  int to_executor = 0;
};

struct ExecutorPlace {
  std::string worker;
  int executor = 0;
};

void register_stage(Registry& registry, const StagePlace& place, const StageMetrics& metrics);
/// The numbers of a stage that makes watermarks or waits for them, besides those of every stage.
void register_time(Registry& registry, const StagePlace& place, const StageMetrics& metrics);
/// In addition, of such a stage that is not a join, and of one that is.
void register_windows(Registry& registry, const StagePlace& place, const StageMetrics& metrics);
void register_join(Registry& registry, const StagePlace& place, const StageMetrics& metrics);
void register_source(Registry& registry, const StagePlace& place, const SourceMetrics& metrics);
void register_sink(Registry& registry, const StagePlace& place, const SinkMetrics& metrics);
/// `depth` is called when somebody reads, on that thread.
void register_mailbox(Registry& registry, const EdgePlace& place, const MailboxMetrics& metrics,
                      std::function<double()> depth);
void register_executor(Registry& registry, const ExecutorPlace& place,
                       const ExecutorMetrics& metrics);
void register_checkpoints(Registry& registry, const std::string& worker,
                          const CheckpointMetrics& metrics);
/// Start time, CPU time, memory and descriptors of the whole process, read when asked for.
void register_process(Registry& registry);

}  // namespace wallaroo::internal
