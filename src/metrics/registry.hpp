// All metrics of one engine by name and labels, from which they are rendered.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

#include "metrics/counter.hpp"

namespace wallaroo::internal {

struct Label {
  std::string name;
  std::string value;
};
using Labels = std::vector<Label>;

enum class MetricType { counter, gauge, histogram };

/// The unit of a stored number. Nanoseconds are rendered in seconds, billionths as fractions of
/// one.
enum class MetricUnit { one, nanoseconds, billionths };

/// A metric, of which there are many series. Its name follows Prometheus' rules
/// (`wallaroo_stage_errors_total`).
struct MetricName {
  std::string name;
  std::string help;
  MetricUnit unit = MetricUnit::one;
};

/// Counters that are rendered as one sum.
using CounterSum = std::vector<const Counter*>;
inline std::uint64_t total_of(const CounterSum& sum) {
  std::uint64_t total = 0;
  for (const Counter* const counter : sum) {
    total += counter->value();
  }
  return total;
}

/// One series: its labels, and the place from which any thread may read its number at any time.
struct MetricSeries {
  Labels labels;
  std::variant<const Counter*, CounterSum, const Gauge*, const LatencyHistogram*,
               std::function<double()>>
      source;
};

struct MetricFamily {
  MetricName about;
  MetricType type = MetricType::counter;
  std::vector<MetricSeries> series;
};

/// Refers to counters that belong to the stages and must outlive it. Everything must be added
/// before any other thread reads; then reading needs no lock. Adding throws std::logic_error for
/// mistakes that would make a whole scrape unreadable: a malformed name, the same name with another
/// type, the same series twice. Label values may be any bytes; bytes that are not UTF-8 are
/// replaced.
class Registry {
 public:
  /// Every series gets the label `application` first.
  explicit Registry(std::string application);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  void add_counter(const MetricName& name, Labels labels, const Counter& counter);
  void add_counter_sum(const MetricName& name, Labels labels, CounterSum counters);
  void add_gauge(const MetricName& name, Labels labels, const Gauge& gauge);
  void add_histogram(const MetricName& name, Labels labels, const LatencyHistogram& histogram);
  /// Adds a number that is looked up whenever the metrics are read. `read` is called on the
  /// reader's thread and returns the value in the rendered unit.
  void add_callback(const MetricName& name, MetricType type, Labels labels,
                    std::function<double()> read);

  const std::string& application() const { return application_; }
  /// All families, in the order in which their first series were added.
  const std::vector<MetricFamily>& families() const { return families_; }

 private:
  void add(const MetricName& name, MetricType type, MetricSeries series);
  MetricFamily& family(const MetricName& name, MetricType type);

  std::string application_;
  std::vector<MetricFamily> families_;
  std::unordered_set<std::string> identities_;  ///< name and labels of every series
};

}  // namespace wallaroo::internal
