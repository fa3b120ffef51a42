#include "metrics/snapshot.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <initializer_list>
#include <string_view>
#include <variant>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "metrics/histogram_bins.hpp"

namespace wallaroo::internal {

namespace {

namespace json = boost::json;

constexpr int format_version = 1;

json::value number(double value) {
  return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}

template <class Integer>
json::value number(Integer value, MetricUnit unit) {
  return unit == MetricUnit::one ? json::value(value) : number(static_cast<double>(value) / 1e9);
}

struct ValueReader {
  MetricUnit unit;

  json::value operator()(const Counter* counter) const { return number(counter->value(), unit); }
  json::value operator()(const Gauge* gauge) const { return number(gauge->value(), unit); }
  json::value operator()(const std::function<double()>& read) const { return number(read()); }
  json::value operator()(const LatencyHistogram* histogram) const {
    const HistogramBins bins = read_bins(*histogram);
    return json::object{{"count", bins.total},
                        {"sum_seconds", bins.sum_seconds},
                        {"bins", json::array(bins.in_bin.begin(), bins.in_bin.end())}};
  }
};

const std::string* find_label(const Labels& labels, std::string_view name) {
  for (const Label& label : labels) {
    if (label.name == name) {
      return &label.value;
    }
  }
  return nullptr;
}

/// Executors are numbers in the document, though label values are text.
json::value executor_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? json::value(value)
                                                                  : json::value(text);
}

json::value label_value(const Label& label) {
  return label.name.ends_with("executor") ? executor_number(label.value) : json::value(label.value);
}

/// The object of `list` that begins with these members; appended when it is not there yet.
json::object& find_or_add(json::array& list, const json::object& identity) {
  for (json::value& entry : list) {
    json::object& object = entry.as_object();
    bool same = true;
    for (const auto& [key, value] : identity) {
      const json::value* found = object.if_contains(key);
      same = same && found != nullptr && *found == value;
    }
    if (same) {
      return object;
    }
  }
  return list.emplace_back(identity).as_object();
}

json::array& list_in(json::object& object, std::string_view name) {
  json::value& value = object[name];
  return value.is_array() ? value.as_array() : value.emplace_array();
}

/// `wallaroo_stage_errors_total` of a stage is its field `errors_total`.
std::string_view field_name(std::string_view metric, std::string_view kind) {
  for (const std::string_view prefix : {std::string_view("wallaroo_"), kind}) {
    if (metric.starts_with(prefix)) {
      metric.remove_prefix(prefix.size());
    }
  }
  return metric.starts_with('_') ? metric.substr(1) : metric;
}

/// Builds the document series by series: the labels of each say where it belongs.
class Document {
 public:
  explicit Document(const Registry& registry) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    json::array bounds;
    for (std::size_t i = 0; i < HistogramBins::count; ++i) {
      bounds.push_back(HistogramBins::upper_bound_seconds(i));
    }
    root_ = {{"format", format_version},
             {"application", registry.application()},
             {"time_seconds", std::chrono::duration<double>(now).count()},
             {"latency_bounds_seconds", std::move(bounds)},
             {"process", json::object()},
             {"pipelines", json::array()},
             {"queues", json::array()},
             {"executors", json::array()},
             {"other", json::array()}};
  }

  void add(const MetricFamily& family, const MetricSeries& series) {
    const json::value value = std::visit(ValueReader{family.about.unit}, series.source);
    for (const std::string_view kind : {"stage", "source", "sink"}) {
      const std::string* name = find_label(series.labels, kind);
      const std::string* pipeline = find_label(series.labels, "pipeline");
      if (name != nullptr && pipeline != nullptr) {
        json::object& of = entry_of_stage(*pipeline, kind, *name, series.labels);
        of[field_name(family.about.name, kind)] = value;
        return;
      }
    }
    add_outside_pipelines(family.about.name, series.labels, value);
  }

  std::string text() const { return json::serialize(root_); }

 private:
  json::object& entry_of_stage(std::string_view pipeline, std::string_view kind,
                               std::string_view name, const Labels& labels) {
    json::object& of_pipeline = find_or_add(list_in(root_, "pipelines"), {{"name", pipeline}});
    for (const std::string_view list : {"sources", "stages", "sinks"}) {
      list_in(of_pipeline, list);
    }
    json::array& of_kind = list_in(of_pipeline, std::string(kind) + "s");
    json::object& stage = find_or_add(of_kind, {{"name", name}});
    return find_or_add(list_in(stage, "executors"),
                       identity(labels, {"application", "pipeline", kind}));
  }

  void add_outside_pipelines(std::string_view metric, const Labels& labels,
                             const json::value& value) {
    const bool edge = find_label(labels, "from") != nullptr && find_label(labels, "to") != nullptr;
    if (edge) {
      entry("queues", labels)[field_name(metric, "queue")] = value;
    } else if (find_label(labels, "executor") != nullptr) {
      entry("executors", labels)[field_name(metric, "executor")] = value;
    } else if (metric.starts_with("process_") && labels.size() == 1) {
      root_["process"].as_object()[field_name(metric, "process")] = value;
    } else {
      list_in(root_, "other")
          .push_back(json::object{
              {"name", metric}, {"labels", identity(labels, {"application"})}, {"value", value}});
    }
  }

  json::object& entry(std::string_view list, const Labels& labels) {
    return find_or_add(list_in(root_, list), identity(labels, {"application"}));
  }

  static json::object identity(const Labels& labels,
                               std::initializer_list<std::string_view> without) {
    json::object result;
    for (const Label& label : labels) {
      if (std::find(without.begin(), without.end(), label.name) == without.end()) {
        result[label.name] = label_value(label);
      }
    }
    return result;
  }

  json::object root_;
};

}  // namespace

std::string render_snapshot(const Registry& registry) {
  Document document(registry);
  for (const MetricFamily& family : registry.families()) {
    for (const MetricSeries& series : family.series) {
      document.add(family, series);
    }
  }
  return document.text();
}

}  // namespace wallaroo::internal
