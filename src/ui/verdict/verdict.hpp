// Says in one sentence what holds an application back. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "run/pressure/back_pressure.hpp"

namespace wallaroo::internal {

/// A stage, lately.
struct StageLoad {
  std::size_t node = 0;
  std::string name = {};
  std::string kind = {};    ///< as in the plan's document
  std::size_t segment = 0;  ///< where its function runs
  double busy = 0;          ///< share of the time of that of its executors where it is greatest
  double call_seconds = 0;  ///< mean time of its function
  double in_per_s = 0;
  std::vector<double> in_by_executor = {};  ///< records per second; those of other executors are 0
  double errors_per_s = 0;
  double lag_seconds = 0;
  double stands_s = 0;       ///< for how long its watermark has stood still
  double hottest_group = 0;  ///< of a key_by: share of the fullest key group
};

/// A segment or the writer of a sink that has queues before it.
struct QueueLoad {
  PointLoad load = {};
  std::size_t node = 0;  ///< of a writer the sink, of a segment its first stage
  std::size_t segment = 0;
  bool writer = false;
  /// Of a segment that takes records by key: the key_by before it.
  std::optional<std::size_t> keyed_by = std::nullopt;
};

/// A sink with a receiver or a file.
struct SinkLoad {
  std::size_t node = 0;
  std::string name = {};
  std::string address = {};
  double away_s = 0;
};

struct CheckpointLoad {
  bool enabled = false;
  bool any = true;          ///< one has completed
  double since_last_s = 0;  ///< since the last one completed, or since the start
  double interval_s = 1;
  double failed_lately = 0;  ///< in the last minute
  std::string last_reason = {};
};

/// Threads of the process, on average.
struct ProcessorLoad {
  double running = 0;
  double waiting = 0;  ///< could run, but had no processor
};

struct VerdictInput {
  bool reading = true;  ///< sources take records
  bool stopping = false;
  bool sampled = true;  ///< there is a point
  std::vector<StageLoad> stages;
  std::vector<QueueLoad> queues;
  std::vector<SinkLoad> sinks;
  /// By segment: its share of the time of each executor on which it runs.
  std::vector<std::vector<double>> segment_busy;
  std::vector<double> executor_busy;
  CheckpointLoad checkpoints;
  ProcessorLoad processors;
  double silent_s = 0;  ///< for how long no record has come
};

struct Verdict {
  enum class Level { ok, warn, error };
  Level level = Level::ok;
  std::string_view rule;
  std::string text;
  std::optional<std::size_t> node = std::nullopt;
  double for_s = 0;  ///< for how long it has been so, where that is known
};

/// The share of the time in which threads could run that they waited for a processor, if that is
/// much; else 0. The machine then has too few processors for all that runs on it, and how busy an
/// executor is says little.
double starved_share(const ProcessorLoad& load);

/// The first rule that applies; docs/formats/ui-api.md lists them.
Verdict reach_verdict(const VerdictInput& input);

std::string_view name_of(Verdict::Level level);

}  // namespace wallaroo::internal
