#include "metrics/describe.hpp"

#include <chrono>
#include <limits>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/times.hpp"
#include "metrics/process_info.hpp"

namespace wallaroo::internal {

namespace {

Labels labels_of(std::string_view kind, const StageLabels& place) {
  return {{"pipeline", place.pipeline},
          {std::string(kind), place.name},
          {"worker", place.worker},
          {"executor", fmt::format("{}", place.executor)}};
}

Labels labels_of(const EdgeLabels& place) {
  return {{"edge", fmt::format("{}", place.edge)},
          {"from", place.from},
          {"to", place.to},
          {"worker", place.worker}};
}

/// How full the queues of an edge were a moment ago. There are as many as the square of the number
/// of executors, so the metrics that are read one after the other share one look at them.
class KeptFill {
 public:
  EdgeFill get(const std::function<EdgeFill()>& look) {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now >= until_) {
      fill_ = look();
      until_ = now + std::chrono::milliseconds(100);
    }
    return fill_;
  }

 private:
  std::mutex mutex_;
  EdgeFill fill_;
  std::chrono::steady_clock::time_point until_{};
};

constexpr std::string_view compiler =
#if defined(__clang__)
    "clang " __clang_version__;
#else
    "gcc " __VERSION__;
#endif

}  // namespace

void register_stage(Registry& registry, const StageLabels& place, const StageMetrics& metrics) {
  const Labels labels = labels_of("stage", place);
  registry.add_counter({"wallaroo_stage_records_in_total", "Records that entered the stage."},
                       labels, metrics.records_in);
  registry.add_counter({"wallaroo_stage_records_out_total", "Records that the stage produced."},
                       labels, metrics.records_out);
  registry.add_counter(
      {"wallaroo_stage_errors_total", "Records on which the stage's function failed."}, labels,
      metrics.errors);
  registry.add_histogram(
      {"wallaroo_stage_latency_seconds",
       "Time the stage's own function takes for a record; about one a millisecond is timed."},
      labels, metrics.latency);
}

void register_output(Registry& registry, const StageLabels& place, const StageMetrics& metrics) {
  registry.add_histogram({"wallaroo_stage_output_latency_seconds",
                          "Time it takes to make a result of a window, or to join a pair; about "
                          "one a millisecond is timed."},
                         labels_of("stage", place), metrics.output_latency);
}

void register_timers(Registry& registry, const StageLabels& place, const StageMetrics& metrics) {
  registry.add_histogram({"wallaroo_stage_timer_latency_seconds",
                          "Time the stage's function takes for a timer; about one timer a "
                          "millisecond is timed."},
                         labels_of("stage", place), metrics.output_latency);
}

void register_keys(Registry& registry, const StageLabels& place, const StageMetrics& metrics) {
  registry.add_gauge({"wallaroo_stage_hottest_key_group_ratio",
                      "Share of a sample of records that is in the fullest key group; 0 until the "
                      "sample is large enough.",
                      MetricUnit::billionths},
                     labels_of("stage", place), metrics.hottest_key_group);
}

void register_time(Registry& registry, const StageLabels& place, const StageMetrics& metrics) {
  const Labels labels = labels_of("stage", place);
  // A callback rather than a gauge of nanoseconds, because before the first record and after the
  // end the watermark is not a time.
  registry.add_callback({"wallaroo_stage_watermark_timestamp_seconds",
                         "The stage's watermark, Unix time; NaN before the "
                         "first and after the last record."},
                        MetricType::gauge, labels, [&watermark = metrics.watermark] {
                          const std::int64_t time_ns = watermark.value();
                          return time_ns == no_time || time_ns == end_of_time
                                     ? std::numeric_limits<double>::quiet_NaN()
                                     : static_cast<double>(time_ns) / 1e9;
                        });
  registry.add_counter(
      {"wallaroo_stage_late_records_total",
       "Records that came after their last window had fired, or too late for a join's partners."},
      labels, metrics.late_records);
  registry.add_counter({"wallaroo_stage_dropped_records_total",
                        "Late records that are in no result and in no stream of late records."},
                       labels, metrics.dropped_records);
}

void register_windows(Registry& registry, const StageLabels& place, const StageMetrics& metrics) {
  const Labels labels = labels_of("stage", place);
  registry.add_counter({"wallaroo_stage_windows_fired_total", "Final results of windows."}, labels,
                       metrics.windows_fired);
  registry.add_counter({"wallaroo_stage_windows_early_total", "Preliminary results of windows."},
                       labels, metrics.windows_early);
  registry.add_gauge({"wallaroo_stage_windows_open",
                      "Panes and sessions that hold records; for count windows, keys."},
                     labels, metrics.windows_open);
  registry.add_counter({"wallaroo_stage_expired_keys_total",
                        "Keys whose state was removed because it was not used for long."},
                       labels, metrics.expired_keys);
}

void register_join(Registry& registry, const StageLabels& place, const StageMetrics& metrics) {
  const Labels labels = labels_of("stage", place);
  registry.add_counter({"wallaroo_join_pairs_total", "Pairs of records that the join made."},
                       labels, metrics.join_pairs);
  registry.add_counter(
      {"wallaroo_join_unpaired_total", "Records that an outer join emitted without a partner."},
      labels, metrics.join_unpaired);
  registry.add_gauge({"wallaroo_join_buffered_records",
                      "Records that the join keeps for partners that may still come."},
                     labels, metrics.join_buffered_records);
}

void register_source(Registry& registry, const StageLabels& place, const SourceMetrics& metrics) {
  const Labels labels = labels_of("source", place);
  registry.add_counter(
      {"wallaroo_source_records_total", "Records that the source handed to its pipeline."}, labels,
      metrics.records);
  registry.add_counter({"wallaroo_source_bytes_total", "Bytes read, framing included."}, labels,
                       metrics.bytes);
  registry.add_counter({"wallaroo_source_bad_records_total",
                        "Records refused by the decoder or cut off by the end of their stream."},
                       labels, metrics.bad_records);
  registry.add_counter({"wallaroo_source_framing_errors_total",
                        "Streams given up because records could not be told apart."},
                       labels, metrics.framing_errors);
  registry.add_counter({"wallaroo_source_connections_opened_total", "Connections accepted."},
                       labels, metrics.connections_opened);
  registry.add_gauge({"wallaroo_source_connections", "Connections open."}, labels,
                     metrics.connections);
}

void register_sink(Registry& registry, const StageLabels& place, const SinkMetrics& metrics) {
  const Labels labels = labels_of("sink", place);
  registry.add_counter({"wallaroo_sink_records_total", "Records handed to the operating system."},
                       labels, metrics.records);
  registry.add_counter({"wallaroo_sink_bytes_total", "Bytes handed to the operating system."},
                       labels, metrics.bytes);
  registry.add_counter({"wallaroo_sink_reconnects_total", "Connections made after the first."},
                       labels, metrics.reconnects);
  registry.add_counter({"wallaroo_sink_records_lost_total",
                        "Records given up while draining because the peer did not take them."},
                       labels, metrics.records_lost);
  registry.add_gauge({"wallaroo_sink_connected", "1 while the peer is there or the file is open."},
                     labels, metrics.connected.gauge());
  registry.add_callback(
      {"wallaroo_sink_away_seconds", "How long the peer has been away; 0 while it is there."},
      MetricType::gauge, labels,
      [&connected = metrics.connected] { return connected.seconds_away(); });
  registry.add_gauge({"wallaroo_sink_buffered_bytes", "Bytes waiting in the sink."}, labels,
                     metrics.buffered_bytes);
  registry.add_histogram({"wallaroo_pipeline_latency_seconds",
                          "Time from a record's arrival at the source to its hand-over by the sink "
                          "to the operating system."},
                         labels, metrics.latency);
}

void register_edge(Registry& registry, const EdgeLabels& place, const EdgeCounters& counters,
                   const std::function<EdgeFill()>& look) {
  const auto fill = [kept = std::make_shared<KeptFill>(), look] { return kept->get(look); };
  const Labels labels = labels_of(place);
  registry.add_callback({"wallaroo_edge_queued_batches", "Batches that wait in the queues."},
                        MetricType::gauge, labels,
                        [fill] { return static_cast<double>(fill().queued); });
  registry.add_callback({"wallaroo_edge_capacity_batches", "Batches that the queues can hold."},
                        MetricType::gauge, labels,
                        [fill] { return static_cast<double>(fill().capacity); });
  registry.add_callback({"wallaroo_edge_fullest_queue_ratio",
                         "How full the fullest queue is: waiting batches divided by capacity."},
                        MetricType::gauge, labels, [fill] { return fill().fullest; });
  const auto sum_of = [&](Counter EdgeMetrics::*counter) {
    CounterSum sum;
    for (const EdgeMetrics* const consumer : counters.consumers) {
      sum.push_back(&(consumer->*counter));
    }
    return sum;
  };
  registry.add_counter_sum({"wallaroo_edge_batches_total", "Batches taken from the queues."},
                           labels, sum_of(&EdgeMetrics::batches));
  registry.add_counter_sum({"wallaroo_edge_records_total", "Records taken from the queues."},
                           labels, sum_of(&EdgeMetrics::records));
  registry.add_counter_sum(
      {"wallaroo_edge_bytes_total", "Memory of the records taken from the queues."}, labels,
      sum_of(&EdgeMetrics::bytes));
  registry.add_counter_sum({"wallaroo_edge_blocked_seconds_total",
                            "Time for which full queues held back the producers, summed over their "
                            "executors.",
                            MetricUnit::nanoseconds},
                           labels, counters.blocked_ns);
}

void register_segment(Registry& registry, const SegmentLabels& place,
                      const SegmentMetrics& metrics) {
  const Labels labels = {{"segment", fmt::format("{}", place.segment)},
                         {"kind", place.kind},
                         {"stages", place.stages},
                         {"worker", place.worker},
                         {"executor", fmt::format("{}", place.executor)}};
  registry.add_counter({"wallaroo_segment_busy_seconds_total",
                        "Time spent working on records in this segment.", MetricUnit::nanoseconds},
                       labels, metrics.busy_ns);
  registry.add_counter({"wallaroo_segment_blocked_seconds_total",
                        "Time for which a full queue or a slow peer held this segment back.",
                        MetricUnit::nanoseconds},
                       labels, metrics.blocked_ns);
}

void register_executor(Registry& registry, const ExecutorLabels& place,
                       const ExecutorMetrics& metrics) {
  const Labels labels = {{"worker", place.worker}, {"executor", fmt::format("{}", place.executor)}};
  constexpr auto ns = MetricUnit::nanoseconds;
  registry.add_counter(
      {"wallaroo_executor_busy_seconds_total", "Time spent working on records.", ns}, labels,
      metrics.busy_ns);
  registry.add_counter(
      {"wallaroo_executor_idle_seconds_total", "Time spent waiting for input.", ns}, labels,
      metrics.idle_ns);
  registry.add_counter({"wallaroo_executor_blocked_seconds_total",
                        "Time in which full queues held back all work at hand.", ns},
                       labels, metrics.blocked_ns);
}

void register_checkpoints(Registry& registry, const std::string& worker,
                          const CheckpointMetrics& metrics) {
  const Labels labels = {{"worker", worker}};
  constexpr auto ns = MetricUnit::nanoseconds;
  registry.add_counter({"wallaroo_checkpoints_completed_total", "Checkpoints that are complete."},
                       labels, metrics.completed);
  registry.add_counter(
      {"wallaroo_checkpoints_failed_total", "Checkpoints that failed or were rolled back."}, labels,
      metrics.failed);
  registry.add_counter({"wallaroo_checkpoint_bytes_total", "Bytes written to data files."}, labels,
                       metrics.bytes);
  registry.add_gauge(
      {"wallaroo_checkpoint_last_number", "The number of the last checkpoint that completed."},
      labels, metrics.last_number);
  registry.add_gauge({"wallaroo_checkpoint_last_completed_timestamp_seconds",
                      "When the last checkpoint completed, Unix time.", ns},
                     labels, metrics.last_wall_ns);
  registry.add_gauge({"wallaroo_checkpoint_last_duration_seconds",
                      "How long the last checkpoint took, until it was committed.", ns},
                     labels, metrics.last_duration_ns);
  registry.add_histogram({"wallaroo_checkpoint_duration_seconds", "How long checkpoints took."},
                         labels, metrics.durations);
}

std::string_view compiler_version() { return compiler; }

void register_build(Registry& registry, std::string_view version) {
  registry.add_callback(
      {"wallaroo_build_info", "Always 1; the labels name version and compiler."}, MetricType::gauge,
      {{"version", std::string(version)}, {"compiler", std::string(compiler)}}, [] { return 1.0; });
}

void register_process(Registry& registry) {
  registry.add_callback({"process_start_time_seconds", "Start of the process, Unix time."},
                        MetricType::gauge, {},
                        [start = process_start_time_seconds()] { return start; });
  registry.add_callback({"process_cpu_seconds_total", "CPU time used, user and system."},
                        MetricType::counter, {}, process_cpu_seconds);
  registry.add_callback({"process_resident_memory_bytes", "Memory resident in RAM."},
                        MetricType::gauge, {}, process_resident_memory_bytes);
  registry.add_callback({"process_open_fds", "Open file descriptors."}, MetricType::gauge, {},
                        process_open_descriptors);
}

}  // namespace wallaroo::internal
