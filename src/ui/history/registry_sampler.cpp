#include "ui/history/registry_sampler.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace wallaroo::internal {

namespace {

template <class Part>
using Fields = std::map<std::string_view, double Part::*>;

const Fields<StageSample>& stage_fields() {
  static const Fields<StageSample> fields{
      {"wallaroo_stage_records_in_total", &StageSample::in},
      {"wallaroo_stage_records_out_total", &StageSample::out},
      {"wallaroo_stage_errors_total", &StageSample::errors},
      {"wallaroo_stage_late_records_total", &StageSample::late},
      {"wallaroo_stage_dropped_records_total", &StageSample::dropped},
      {"wallaroo_stage_watermark_timestamp_seconds", &StageSample::watermark},
      {"wallaroo_stage_windows_open", &StageSample::windows_open},
      {"wallaroo_stage_windows_fired_total", &StageSample::windows_fired},
      {"wallaroo_stage_windows_early_total", &StageSample::windows_early},
      {"wallaroo_stage_expired_keys_total", &StageSample::expired_keys},
      {"wallaroo_stage_hottest_key_group_ratio", &StageSample::hottest_group},
      {"wallaroo_join_pairs_total", &StageSample::join_pairs},
      {"wallaroo_join_unpaired_total", &StageSample::join_unpaired},
      {"wallaroo_join_buffered_records", &StageSample::join_buffered}};
  return fields;
}

const Fields<SegmentSample>& segment_fields() {
  static const Fields<SegmentSample> fields{
      {"wallaroo_segment_busy_seconds_total", &SegmentSample::busy_seconds},
      {"wallaroo_segment_blocked_seconds_total", &SegmentSample::blocked_seconds}};
  return fields;
}

const Fields<EdgeSample>& edge_fields() {
  static const Fields<EdgeSample> fields{
      {"wallaroo_edge_records_total", &EdgeSample::records},
      {"wallaroo_edge_queued_batches", &EdgeSample::queued},
      {"wallaroo_edge_capacity_batches", &EdgeSample::capacity},
      {"wallaroo_edge_fullest_queue_ratio", &EdgeSample::fullest}};
  return fields;
}

const Fields<SourceSample>& source_fields() {
  static const Fields<SourceSample> fields{
      {"wallaroo_source_records_total", &SourceSample::records},
      {"wallaroo_source_bytes_total", &SourceSample::bytes},
      {"wallaroo_source_bad_records_total", &SourceSample::bad},
      {"wallaroo_source_framing_errors_total", &SourceSample::framing_errors},
      {"wallaroo_source_connections", &SourceSample::connections}};
  return fields;
}

const Fields<SinkSample>& sink_fields() {
  static const Fields<SinkSample> fields{
      {"wallaroo_sink_records_total", &SinkSample::records},
      {"wallaroo_sink_buffered_bytes", &SinkSample::buffered},
      {"wallaroo_sink_connected", &SinkSample::connected},
      {"wallaroo_sink_away_seconds", &SinkSample::away_seconds},
      {"wallaroo_sink_reconnects_total", &SinkSample::reconnects},
      {"wallaroo_sink_records_lost_total", &SinkSample::lost}};
  return fields;
}

const Fields<ExecutorSample>& executor_fields() {
  static const Fields<ExecutorSample> fields{
      {"wallaroo_executor_busy_seconds_total", &ExecutorSample::busy_seconds},
      {"wallaroo_executor_idle_seconds_total", &ExecutorSample::idle_seconds},
      {"wallaroo_executor_blocked_seconds_total", &ExecutorSample::blocked_seconds}};
  return fields;
}

const Fields<ProcessSample>& process_fields() {
  static const Fields<ProcessSample> fields{
      {"process_cpu_seconds_total", &ProcessSample::cpu_seconds},
      {"process_resident_memory_bytes", &ProcessSample::resident_bytes},
      {"process_open_fds", &ProcessSample::open_descriptors},
      {"process_start_time_seconds", &ProcessSample::started}};
  return fields;
}

const Fields<CheckpointSample>& checkpoint_fields() {
  static const Fields<CheckpointSample> fields{
      {"wallaroo_checkpoints_completed_total", &CheckpointSample::completed},
      {"wallaroo_checkpoints_failed_total", &CheckpointSample::failed},
      {"wallaroo_checkpoint_last_completed_timestamp_seconds", &CheckpointSample::last_completed},
      {"wallaroo_checkpoint_last_duration_seconds", &CheckpointSample::last_seconds}};
  return fields;
}

template <class Part>
double* field_of(Part& part, const Fields<Part>& fields, std::string_view metric) {
  const auto found = fields.find(metric);
  return found == fields.end() ? nullptr : &(part.*(found->second));
}

struct ValueReader {
  double operator()(const Counter* counter) const { return static_cast<double>(counter->value()); }
  double operator()(const CounterSum& sum) const { return static_cast<double>(total_of(sum)); }
  double operator()(const Gauge* gauge) const { return static_cast<double>(gauge->value()); }
  double operator()(const std::function<double()>& read) const { return read(); }
  double operator()(const LatencyHistogram*) const { return unknown; }
};

double in_unit(double value, MetricUnit unit) {
  return unit == MetricUnit::one ? value : value / 1e9;
}

void add_bins(const LatencyHistogram& from, BinCounts& to) {
  const HistogramBins bins = read_bins(from);
  std::uint64_t known = 0;
  for (std::size_t i = 0; i < HistogramBins::count; ++i) {
    to.in_bin[i] += static_cast<double>(bins.in_bin[i]);
    known += bins.in_bin[i];
  }
  to.in_bin.back() += static_cast<double>(bins.total - known);
  to.sum_seconds += bins.sum_seconds;
}

std::string_view label(const MetricSeries& series, std::string_view name) {
  const auto found = std::find_if(series.labels.begin(), series.labels.end(),
                                  [&](const Label& one) { return one.name == name; });
  return found == series.labels.end() ? std::string_view() : std::string_view(found->value);
}

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

std::optional<std::size_t> edge_of(const PlanView& view, std::string_view text) {
  const auto wanted = number(text);
  const auto found = std::find_if(view.edges.begin(), view.edges.end(), [&](const ViewEdge& edge) {
    return wanted && edge.edge == wanted;
  });
  return found == view.edges.end() ? std::nullopt
                                   : std::optional<std::size_t>(found - view.edges.begin());
}

}  // namespace

/// A series with the labels that say what it is about.
struct RegistrySampler::Labelled {
  std::string_view metric;
  std::string_view stage;
  std::string_view source;
  std::string_view sink;
  std::string_view edge;
  std::optional<std::size_t> segment;
  std::optional<std::size_t> executor;

  Labelled(const MetricFamily& family, const MetricSeries& series)
      : metric(family.about.name),
        stage(label(series, "stage")),
        source(label(series, "source")),
        sink(label(series, "sink")),
        edge(label(series, "edge")),
        segment(number(label(series, "segment"))),
        executor(number(label(series, "executor"))) {}
};

RegistrySampler::RegistrySampler(const Registry& registry, const PlanView& view) {
  size_up(view);
  for (const MetricFamily& family : registry.families()) {
    for (const MetricSeries& series : family.series) {
      add(family, series, view);
    }
  }
}

void RegistrySampler::size_up(const PlanView& view) {
  const auto executors = static_cast<std::size_t>(view.executors);
  std::size_t segments = 0;
  for (const ViewNode& node : view.nodes) {
    segments = std::max(segments, node.segment + 1);
    for (const std::size_t encoder : node.encoders) {
      segments = std::max(segments, encoder + 1);
    }
  }
  sample_.stages.assign(view.nodes.size(), std::vector<StageSample>(executors));
  sample_.segments.assign(segments, std::vector<SegmentSample>(executors));
  sample_.edges.resize(view.edges.size());
  sample_.sources.resize(view.nodes.size());
  sample_.sinks.resize(view.nodes.size());
  sample_.executors.resize(executors);
}

void RegistrySampler::add(const MetricFamily& family, const MetricSeries& series,
                          const PlanView& view) {
  const Labelled at(family, series);
  if (at.executor && *at.executor >= sample_.executors.size()) {
    return;
  }
  if (const auto* const histogram = std::get_if<const LatencyHistogram*>(&series.source)) {
    if (BinCounts* const to = bins_in(at, view)) {
      bins_.push_back({*histogram, to});
    }
  } else if (double* const to = number_in(at, view)) {
    copies_.push_back({&series, family.about.unit, to});
  }
}

BinCounts* RegistrySampler::bins_in(const Labelled& at, const PlanView& view) {
  if (const auto sink = view.find(at.sink);
      sink && at.metric == "wallaroo_pipeline_latency_seconds") {
    return &sample_.sinks[*sink].latency;
  }
  const auto node = view.find(at.stage);
  if (!node || !at.executor) {
    return nullptr;
  }
  StageSample& stage = sample_.stages[*node][*at.executor];
  return at.metric == "wallaroo_stage_latency_seconds" ? &stage.calls : &stage.outputs;
}

double* RegistrySampler::number_in(const Labelled& at, const PlanView& view) {
  if (const auto node = view.find(at.stage); node && at.executor) {
    StageSample& stage = sample_.stages[*node][*at.executor];
    stage.present = true;
    return field_of(stage, stage_fields(), at.metric);
  }
  if (const auto node = view.find(at.source)) {
    return field_of(sample_.sources[*node], source_fields(), at.metric);
  }
  if (const auto node = view.find(at.sink)) {
    return field_of(sample_.sinks[*node], sink_fields(), at.metric);
  }
  if (const auto edge = edge_of(view, at.edge)) {
    return field_of(sample_.edges[*edge], edge_fields(), at.metric);
  }
  if (at.segment && at.executor && *at.segment < sample_.segments.size()) {
    return field_of(sample_.segments[*at.segment][*at.executor], segment_fields(), at.metric);
  }
  if (at.executor) {
    return field_of(sample_.executors[*at.executor], executor_fields(), at.metric);
  }
  if (double* const to = field_of(sample_.checkpoints, checkpoint_fields(), at.metric)) {
    sample_.checkpoints.present = true;
    return to;
  }
  return field_of(sample_.process, process_fields(), at.metric);
}

Sample& RegistrySampler::take(std::int64_t steady_ns, double time) {
  sample_.steady_ns = steady_ns;
  sample_.time = time;
  for (const Copy& copy : copies_) {
    *copy.to = 0;
  }
  for (const CopyBins& copy : bins_) {
    *copy.to = {};
  }
  // Several executors may add to one number.
  for (const Copy& copy : copies_) {
    *copy.to += in_unit(std::visit(ValueReader{}, copy.from->source), copy.unit);
  }
  for (const CopyBins& copy : bins_) {
    add_bins(*copy.from, *copy.to);
  }
  return sample_;
}

}  // namespace wallaroo::internal
