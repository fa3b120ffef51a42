// What the counters of an application say at one moment.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "metrics/histogram_bins.hpp"

namespace wallaroo::internal {

inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// A latency histogram; those above the last bound are in the last bin.
struct BinCounts {
  std::array<double, HistogramBins::count> in_bin{};
  double sum_seconds = 0;
  double total() const {
    double all = 0;
    for (const double count : in_bin) {
      all += count;
    }
    return all;
  }
};

/// A stage on one executor. Counters are whole numbers.
struct StageSample {
  bool present = false;  ///< it runs there
  double in = 0;
  double out = 0;
  double errors = 0;
  double late = 0;
  double dropped = 0;
  double watermark = unknown;  ///< Unix time
  double windows_open = 0;
  double windows_fired = 0;
  double windows_early = 0;
  double expired_keys = 0;
  double join_pairs = 0;
  double join_unpaired = 0;
  double join_buffered = 0;
  double hottest_group = 0;  ///< of a key_by: share of the fullest key group
  BinCounts calls = {};      ///< timed calls of its function
  BinCounts outputs = {};    ///< timed calls that make results or handle timers
};

/// A segment on one executor.
struct SegmentSample {
  double busy_seconds = 0;
  double blocked_seconds = 0;
};

struct EdgeSample {
  double records = 0;
  double queued = 0;
  double capacity = 0;
  double fullest = 0;  ///< of the fullest queue, from 0 to 1
};

struct SourceSample {
  double records = 0;
  double bytes = 0;
  double bad = 0;
  double framing_errors = 0;
  double connections = 0;
};

struct SinkSample {
  double records = 0;
  double buffered = 0;
  double connected = 0;
  double away_seconds = 0;
  double reconnects = 0;
  double lost = 0;
  BinCounts latency = {};
};

struct ExecutorSample {
  double busy_seconds = 0;
  double idle_seconds = 0;
  double blocked_seconds = 0;
};

struct ProcessSample {
  double cpu_seconds = 0;
  double waited_seconds = 0;  ///< for a processor, summed over threads
  double resident_bytes = 0;
  double open_descriptors = 0;
  double started = 0;  ///< Unix time
};

struct CheckpointSample {
  bool present = false;  ///< checkpoints are taken
  double completed = 0;
  double failed = 0;
  double last_completed = 0;  ///< Unix time; 0: none yet
  double last_seconds = 0;    ///< how long it took
};

/// One worker. The vectors of nodes, sources and sinks have an element for each node of the view,
/// those of edges one for each edge; elements that do not apply stay zero.
struct Sample {
  std::int64_t steady_ns = 0;
  double time = 0;                                   ///< Unix time
  std::vector<std::vector<StageSample>> stages;      ///< by node and executor
  std::vector<std::vector<SegmentSample>> segments;  ///< by segment and executor
  std::vector<EdgeSample> edges;
  std::vector<SourceSample> sources;
  std::vector<SinkSample> sinks;
  std::vector<ExecutorSample> executors;
  ProcessSample process;
  CheckpointSample checkpoints;
};

}  // namespace wallaroo::internal
