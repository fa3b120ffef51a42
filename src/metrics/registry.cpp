#include "metrics/registry.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "metrics/valid_utf8.hpp"

namespace wallaroo::internal {

namespace {

bool is_identifier(std::string_view text, bool colon_allowed) {
  const auto letter = [colon_allowed](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (c == ':' && colon_allowed);
  };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || digit(c); });
}

void require(bool holds, std::string_view name, std::string_view rule) {
  if (!holds) {
    throw std::logic_error(fmt::format("metric '{}': {}", name, rule));
  }
}

/// Identifies a series. It does not depend on the order of the labels.
std::string identity_of(std::string_view metric, Labels labels) {
  std::sort(labels.begin(), labels.end(),
            [](const Label& a, const Label& b) { return a.name < b.name; });
  std::string identity(metric);
  for (const Label& label : labels) {
    identity.append(1, '\0').append(label.name).append(1, '\0').append(label.value);
  }
  return identity;
}

void check_label_names(std::string_view metric, const Labels& labels) {
  for (const Label& label : labels) {
    require(is_identifier(label.name, false) && !label.name.starts_with("__"), metric,
            fmt::format("'{}' is not a label name", label.name));
    require(label.name != "le", metric, "the label 'le' is reserved for histograms");
    const auto same = [&](const Label& other) { return other.name == label.name; };
    require(std::count_if(labels.begin(), labels.end(), same) == 1, metric,
            fmt::format("the label '{}' is given twice", label.name));
  }
}

}  // namespace

Registry::Registry(std::string application) : application_(valid_utf8(application)) {}

void Registry::add_counter(const MetricName& name, Labels labels, const Counter& counter) {
  add(name, MetricType::counter, {std::move(labels), &counter});
}

void Registry::add_counter_sum(const MetricName& name, Labels labels, CounterSum counters) {
  add(name, MetricType::counter, {std::move(labels), std::move(counters)});
}

void Registry::add_gauge(const MetricName& name, Labels labels, const Gauge& gauge) {
  add(name, MetricType::gauge, {std::move(labels), &gauge});
}

void Registry::add_histogram(const MetricName& name, Labels labels,
                             const LatencyHistogram& histogram) {
  add(name, MetricType::histogram, {std::move(labels), &histogram});
}

void Registry::add_callback(const MetricName& name, MetricType type, Labels labels,
                            std::function<double()> read) {
  require(type != MetricType::histogram, name.name, "a histogram cannot be a callback");
  require(read != nullptr, name.name, "the callback is empty");
  add(name, type, {std::move(labels), std::move(read)});
}

MetricFamily& Registry::family(const MetricName& name, MetricType type) {
  const auto found = std::find_if(families_.begin(), families_.end(), [&](const auto& family) {
    return family.about.name == name.name;
  });
  if (found != families_.end()) {
    require(found->type == type && found->about.unit == name.unit, name.name,
            "was added before with another type or unit");
    return *found;
  }
  require(is_identifier(name.name, true), name.name, "is no metric name");
  families_.push_back({name, type, {}});
  families_.back().about.help = valid_utf8(name.help);
  return families_.back();
}

void Registry::add(const MetricName& name, MetricType type, MetricSeries series) {
  series.labels.insert(series.labels.begin(), Label{"application", application_});
  check_label_names(name.name, series.labels);
  for (Label& label : series.labels) {
    label.value = valid_utf8(label.value);
  }
  MetricFamily& target = family(name, type);
  require(identities_.insert(identity_of(name.name, series.labels)).second, name.name,
          "was added before with the same labels");
  target.series.push_back(std::move(series));
}

}  // namespace wallaroo::internal
