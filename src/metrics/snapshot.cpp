#include "metrics/snapshot.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "metrics/histogram_bins.hpp"

namespace wallaroo::internal {

namespace {

namespace json = boost::json;

constexpr int format_version = 2;

json::value number(double value) {
  constexpr double exact = 9007199254740992.0;  // 2^53: whole numbers below are written as such
  if (std::isfinite(value) && std::abs(value) < exact && value == std::floor(value)) {
    return static_cast<std::int64_t>(value);
  }
  return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}

template <class Integer>
json::value number(Integer value, MetricUnit unit) {
  return unit == MetricUnit::one ? json::value(value) : number(static_cast<double>(value) / 1e9);
}

struct ValueReader {
  MetricUnit unit;

  json::value operator()(const Counter* counter) const { return number(counter->value(), unit); }
  json::value operator()(const CounterSum& sum) const { return number(total_of(sum), unit); }
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

/// Converts label values, which are text, to numbers of the document.
json::value whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? json::value(value)
                                                                  : json::value(text);
}

json::value label_value(const Label& label) {
  const bool is_number =
      label.name == "executor" || label.name == "edge" || label.name == "segment";
  return is_number ? whole_number(label.value) : json::value(label.value);
}

json::array& list_in(json::object& object, std::string_view name) {
  json::value& value = object[name];
  return value.is_array() ? value.as_array() : value.emplace_array();
}

/// The name of a metric as a field of its object: `wallaroo_stage_errors_total` becomes
/// `errors_total`.
std::string_view field_name(std::string_view metric, std::string_view kind) {
  for (const std::string_view prefix : {std::string_view("wallaroo_"), kind}) {
    if (metric.starts_with(prefix)) {
      metric.remove_prefix(prefix.size());
    }
  }
  return metric.starts_with('_') ? metric.substr(1) : metric;
}

/// Builds the document series by series; the labels of a series decide where it goes.
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
             {"edges", json::array()},
             {"segments", json::array()},
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
    std::string path = "pipelines";
    json::object& of_pipeline = named_entry(list_in(root_, "pipelines"), path, pipeline);
    for (const std::string_view list : {"sources", "stages", "sinks"}) {
      list_in(of_pipeline, list);
    }
    const std::string of_kind = std::string(kind) + "s";
    path.append(1, '\0').append(of_kind);
    json::object& stage = named_entry(list_in(of_pipeline, of_kind), path, name);
    return labelled_entry(list_in(stage, "executors"), path, labels,
                          {"application", "pipeline", kind});
  }

  void add_outside_pipelines(std::string_view metric, const Labels& labels,
                             const json::value& value) {
    const bool edge = find_label(labels, "from") != nullptr && find_label(labels, "to") != nullptr;
    if (edge) {
      entry("edges", labels)[field_name(metric, "edge")] = value;
    } else if (find_label(labels, "segment") != nullptr) {
      entry("segments", labels)[field_name(metric, "segment")] = value;
    } else if (find_label(labels, "executor") != nullptr) {
      entry("executors", labels)[field_name(metric, "executor")] = value;
    } else if (metric.starts_with("process_") && labels.size() == 1) {
      root_["process"].as_object()[field_name(metric, "process")] = value;
    } else {
      list_in(root_, "other")
          .push_back(json::object{
              {"name", metric}, {"labels", members(labels, {"application"})}, {"value", value}});
    }
  }

  json::object& entry(std::string_view list, const Labels& labels) {
    return labelled_entry(list_in(root_, list), std::string(list), labels, {"application"});
  }

  json::object& named_entry(json::array& list, std::string& path, std::string_view name) {
    path.append(1, '\0').append(name);
    return at(list, path, [&] { return json::object{{"name", name}}; });
  }

  json::object& labelled_entry(json::array& list, std::string path, const Labels& labels,
                               std::initializer_list<std::string_view> without) {
    for (const Label& label : labels) {
      if (std::find(without.begin(), without.end(), label.name) == without.end()) {
        path.append(1, '\0').append(label.name).append(1, '\0').append(label.value);
      }
    }
    return at(list, path, [&] { return members(labels, without); });
  }

  /// Finds the object of `list` for this path, or makes it. The index exists because a search
  /// through the list would make the time for a document grow with the square of its size.
  template <class Make>
  json::object& at(json::array& list, const std::string& path, Make&& make) {
    const auto [known, added] = places_.try_emplace(path, list.size());
    if (added) {
      list.emplace_back(make());
    }
    return list[known->second].as_object();
  }

  static json::object members(const Labels& labels,
                              std::initializer_list<std::string_view> without) {
    json::object result;
    for (const Label& label : labels) {
      if (std::find(without.begin(), without.end(), label.name) == without.end()) {
        result[label.name] = label_value(label);
      }
    }
    return result;
  }

  std::unordered_map<std::string, std::size_t> places_;  ///< by path: index in its list
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
