#include "metrics/describe.hpp"

#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/times.hpp"
#include "metrics/process_info.hpp"

namespace wallaroo::internal {

namespace {

Labels labels_of(std::string_view kind, const StagePlace& place) {
  return {{"pipeline", place.pipeline},
          {std::string(kind), place.name},
          {"worker", place.worker},
          {"executor", fmt::format("{}", place.executor)}};
}

Labels labels_of(const EdgePlace& place) {
  return {{"edge", fmt::format("{}", place.edge)},
          {"from", place.from},
          {"to", place.to},
          {"worker", place.worker},
          {"from_executor", fmt::format("{}", place.from_executor)},
          {"to_executor", fmt::format("{}", place.to_executor)}};
}

}  // namespace

void register_stage(Registry& registry, const StagePlace& place, const StageMetrics& metrics) {
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
       "Time the stage's own function takes for a record; one record of each batch is timed."},
      labels, metrics.latency);
}

void register_time(Registry& registry, const StagePlace& place, const StageMetrics& metrics) {
  const Labels labels = labels_of("stage", place);
  // Not a gauge of nanoseconds: before the first record, and after the end, it is no time at all.
  registry.add_callback({"wallaroo_stage_watermark_seconds",
                         "The stage's watermark, in seconds since the Unix epoch; NaN before the "
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
                        "Late records that are in no result and went nowhere else."},
                       labels, metrics.dropped_records);
}

void register_windows(Registry& registry, const StagePlace& place, const StageMetrics& metrics) {
  const Labels labels = labels_of("stage", place);
  registry.add_counter({"wallaroo_stage_windows_fired_total", "Final results of windows."}, labels,
                       metrics.windows_fired);
  registry.add_counter({"wallaroo_stage_windows_early_total", "Preliminary results of windows."},
                       labels, metrics.windows_early);
  registry.add_gauge({"wallaroo_stage_windows_open",
                      "Panes and sessions that hold records; of count windows keys."},
                     labels, metrics.windows_open);
  registry.add_counter({"wallaroo_stage_expired_keys_total",
                        "Keys whose state was removed because it was not used for long."},
                       labels, metrics.expired_keys);
}

void register_join(Registry& registry, const StagePlace& place, const StageMetrics& metrics) {
  const Labels labels = labels_of("stage", place);
  registry.add_counter({"wallaroo_join_pairs_total", "Pairs of records that the join made."},
                       labels, metrics.join_pairs);
  registry.add_counter({"wallaroo_join_unpaired_total",
                        "Records that an outer join emitted without a partner."},
                       labels, metrics.join_unpaired);
  registry.add_gauge({"wallaroo_join_buffered_records",
                      "Records that the join keeps for partners that may still come."},
                     labels, metrics.join_buffered_records);
}

void register_source(Registry& registry, const StagePlace& place, const SourceMetrics& metrics) {
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

void register_sink(Registry& registry, const StagePlace& place, const SinkMetrics& metrics) {
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
                     labels, metrics.connected);
  registry.add_gauge({"wallaroo_sink_buffered_bytes", "Bytes waiting in the sink."}, labels,
                     metrics.buffered_bytes);
  registry.add_histogram({"wallaroo_pipeline_latency_seconds",
                          "Time from a record's arrival at the source to its hand-over by the sink "
                          "to the operating system."},
                         labels, metrics.latency);
}

void register_mailbox(Registry& registry, const EdgePlace& place, const MailboxMetrics& metrics,
                      std::function<double()> depth) {
  const Labels labels = labels_of(place);
  registry.add_callback({"wallaroo_queue_depth_batches", "Batches waiting in the queue."},
                        MetricType::gauge, labels, std::move(depth));
  registry.add_gauge({"wallaroo_queue_capacity_batches", "Batches that the queue can hold."},
                     labels, metrics.capacity);
  registry.add_counter({"wallaroo_queue_batches_total", "Batches taken from the queue."}, labels,
                       metrics.batches);
  registry.add_counter({"wallaroo_queue_records_total", "Records taken from the queue."}, labels,
                       metrics.records);
}

void register_executor(Registry& registry, const ExecutorPlace& place,
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
                        "Time spent with work at hand that full queues held back.", ns},
                       labels, metrics.blocked_ns);
}

void register_checkpoints(Registry& registry, const std::string& worker,
                          const CheckpointMetrics& metrics) {
  const Labels labels = {{"worker", worker}};
  constexpr auto ns = MetricUnit::nanoseconds;
  registry.add_counter({"wallaroo_checkpoints_completed_total", "Checkpoints that are complete."},
                       labels, metrics.completed);
  registry.add_counter(
      {"wallaroo_checkpoints_failed_total", "Checkpoints that failed or were rolled back."},
      labels, metrics.failed);
  registry.add_counter({"wallaroo_checkpoint_bytes_total", "Bytes written to data files."}, labels,
                       metrics.bytes);
  registry.add_gauge(
      {"wallaroo_checkpoint_last_number", "The number of the last checkpoint that completed."},
      labels, metrics.last_number);
  registry.add_gauge({"wallaroo_checkpoint_last_completed_seconds",
                      "When the last checkpoint completed, Unix time.", ns},
                     labels, metrics.last_wall_ns);
  registry.add_gauge({"wallaroo_checkpoint_last_duration_seconds",
                      "How long the last checkpoint took, until it was committed.", ns},
                     labels, metrics.last_duration_ns);
  registry.add_histogram({"wallaroo_checkpoint_duration_seconds", "How long checkpoints took."},
                         labels, metrics.durations);
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
