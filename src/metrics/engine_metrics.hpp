// The engine's counters, one struct for each part of an application. Only one executor writes to an
// instance.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "metrics/counter.hpp"

namespace wallaroo::internal {

/// The counters of a stage on one executor.
struct StageMetrics {
  Counter records_in;
  Counter records_out;
  Counter errors;            ///< records on which the user's function failed
  LatencyHistogram latency;  ///< of the stage's own function; about one call a millisecond
  /// For windows and joins the latency of making a result, for computations with timers that of
  /// `on_timer`; also sampled.
  LatencyHistogram output_latency;
  /// For stages that compute keys: the share of records in the fullest key group, in billionths; 0
  /// until enough records were sampled.
  Gauge hottest_key_group;

  // Used by stages that make watermarks or wait for them.
  Gauge watermark;          ///< nanoseconds since the epoch, as far as the stage has passed it on
  Counter windows_fired;    ///< final results
  Counter windows_early;    ///< preliminary results
  Counter late_records;     ///< came too late for their windows, or for partners in a join
  Counter dropped_records;  ///< late records that no result contains
  Gauge windows_open;       ///< panes and sessions with records in them
  Counter expired_keys;

  // Used by joins.
  Counter join_pairs;
  Counter join_unpaired;        ///< records emitted without a partner
  Gauge join_buffered_records;  ///< kept now, for partners that may come
};

/// The counters of a source on one executor.
struct SourceMetrics {
  Counter records;      ///< frames or records handed to the pipeline
  Counter bytes;        ///< bytes read, framing included
  Counter bad_records;  ///< refused by the decoder, or cut off by the end of their stream
  Counter framing_errors;
  Counter connections_opened;
  Gauge connections;
};

/// Tells whether a peer is there, and for how long it has been away. `set` may be called by one
/// thread only.
class Presence {
 public:
  void set(std::int64_t present) {
    if (present != gauge_.value()) {
      changed_ns_.store(now_ns(), std::memory_order_relaxed);
      gauge_.set(present);
    }
  }
  std::int64_t value() const { return gauge_.value(); }
  const Gauge& gauge() const { return gauge_; }
  /// 0 while the peer is there. Counts from construction when the peer has never been there.
  double seconds_away() const {
    const std::int64_t since_ns = changed_ns_.load(std::memory_order_relaxed);
    return value() != 0 ? 0 : static_cast<double>(now_ns() - since_ns) / 1e9;
  }

 private:
  static std::int64_t now_ns() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  }
  Gauge gauge_;
  std::atomic<std::int64_t> changed_ns_{now_ns()};
};

/// The counters of a sink, on the executor that owns its connection or file.
struct SinkMetrics {
  Counter records;  ///< handed to the operating system
  Counter bytes;
  Counter reconnects;
  Counter records_lost;      ///< still buffered when a draining application timed out
  Presence connected;        ///< 1 while the peer is there or the file is open
  Gauge buffered_bytes;      ///< waiting in the sink
  LatencyHistogram latency;  ///< of the pipeline, from source read to sink write, per record
};

/// The counters of an edge at one of its consuming executors, which takes the batches.
struct EdgeMetrics {
  Counter batches;
  Counter records;
  Counter bytes;
};

/// The counters of a segment, or of the writer of a sink, on one executor.
struct SegmentMetrics {
  Counter busy_ns;
  Counter blocked_ns;  ///< time in which a full queue or a slow peer held back work
};

/// The checkpoints of one worker.
struct CheckpointMetrics {
  Counter completed;
  Counter failed;
  Counter bytes;               ///< written to data files, compressed
  Gauge last_number;           ///< number of the last one that completed
  Gauge last_wall_ns;          ///< when the last one completed, since the epoch
  Gauge last_duration_ns;      ///< of the last one, from its beginning until it was committed
  LatencyHistogram durations;  ///< of all checkpoints
};

/// How one executor spends its time, in nanoseconds.
struct ExecutorMetrics {
  Counter busy_ns;
  Counter idle_ns;
  Counter blocked_ns;  ///< has work, but full queues hold back every stage that could do it
};

}  // namespace wallaroo::internal
