#include "metrics/prometheus.hpp"

#include <cmath>
#include <iterator>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "metrics/histogram_bins.hpp"

namespace wallaroo::internal {

namespace {

using Output = std::back_insert_iterator<fmt::memory_buffer>;

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  return "untyped";
}

std::string escaped(std::string_view text, bool quote) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (c == '\\') {
      result += "\\\\";
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '"' && quote) {
      result += "\\\"";
    } else {
      result += c;
    }
  }
  return result;
}

std::string label_list(const Labels& labels) {
  std::string result;
  for (const Label& label : labels) {
    result += fmt::format("{}{}=\"{}\"", result.empty() ? "" : ",", label.name,
                          escaped(label.value, true));
  }
  return result;
}

std::string number(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value > 0 ? "+Inf" : "-Inf";
  }
  return fmt::format("{}", value);
}

template <class Integer>
std::string number(Integer value, MetricUnit unit) {
  return unit == MetricUnit::one ? fmt::format("{}", value)
                                 : number(static_cast<double>(value) / 1e9);
}

/// Writes the lines of one series.
class SeriesWriter {
 public:
  SeriesWriter(Output out, const MetricFamily& family, const MetricSeries& series)
      : out_(out), about_(family.about), labels_(label_list(series.labels)) {}

  void operator()(const Counter* counter) { line(number(counter->value(), about_.unit)); }
  void operator()(const CounterSum& sum) { line(number(total_of(sum), about_.unit)); }
  void operator()(const Gauge* gauge) { line(number(gauge->value(), about_.unit)); }
  void operator()(const std::function<double()>& read) { line(number(read())); }
  void operator()(const LatencyHistogram* histogram) {
    const HistogramBins bins = read_bins(*histogram);
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < HistogramBins::count; ++i) {
      cumulative += bins.in_bin[i];
      bucket(fmt::format("{}", HistogramBins::upper_bound_seconds(i)), cumulative);
    }
    bucket("+Inf", bins.total);
    fmt::format_to(out_, "{}_sum{{{}}} {}\n", about_.name, labels_, number(bins.sum_seconds));
    fmt::format_to(out_, "{}_count{{{}}} {}\n", about_.name, labels_, bins.total);
  }

 private:
  void line(std::string_view value) {
    fmt::format_to(out_, "{}{{{}}} {}\n", about_.name, labels_, value);
  }
  void bucket(std::string_view upper_bound, std::uint64_t cumulative) {
    fmt::format_to(out_, "{}_bucket{{{},le=\"{}\"}} {}\n", about_.name, labels_, upper_bound,
                   cumulative);
  }

  Output out_;
  const MetricName& about_;
  std::string labels_;
};

}  // namespace

std::string render_prometheus(const Registry& registry) {
  fmt::memory_buffer text;
  const Output out(text);
  for (const MetricFamily& family : registry.families()) {
    fmt::format_to(out, "# HELP {} {}\n# TYPE {} {}\n", family.about.name,
                   escaped(family.about.help, false), family.about.name, type_name(family.type));
    for (const MetricSeries& series : family.series) {
      std::visit(SeriesWriter(out, family, series), series.source);
    }
  }
  return fmt::to_string(text);
}

}  // namespace wallaroo::internal
