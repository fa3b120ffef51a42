#include "metrics/prometheus.hpp"

#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "metrics/describe.hpp"

namespace wallaroo::internal {
namespace {

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  std::string value;
  double number() const { return std::strtod(value.c_str(), nullptr); }
};

struct Family {
  std::string help;
  std::string type;
  std::vector<Sample> samples;
};

/// Reads the text format strictly, as its specification describes it.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {
    while (!rest_.empty()) {
      if (rest_.starts_with("# HELP ")) {
        help();
      } else if (rest_.starts_with("# TYPE ")) {
        type();
      } else {
        sample();
      }
    }
  }
  std::map<std::string, Family> families;

 private:
  void help() {
    take("# HELP ");
    current_ = until(' ');
    require(families.count(current_) == 0, "HELP twice");
    families[current_].help = until('\n');
  }
  void type() {
    take("# TYPE ");
    require(until(' ') == current_, "TYPE without HELP");
    require(families[current_].type.empty(), "TYPE twice");
    families[current_].type = until('\n');
  }
  void sample() {
    Sample result;
    result.name = until('{');
    const bool histogram = families[current_].type == "histogram";
    require(result.name == current_ || (histogram && result.name.starts_with(current_ + "_")),
            "a sample outside its family");
    while (!rest_.starts_with('}')) {
      const std::string label = until('=');
      require(result.labels.emplace(label, quoted()).second, "a label twice");
      if (rest_.starts_with(',')) {
        take(",");
      }
    }
    take("} ");
    result.value = until('\n');
    require(!result.value.empty() && result.value.find(' ') == std::string::npos, "value");
    families[current_].samples.push_back(result);
  }
  std::string quoted() {
    take("\"");
    std::string value;
    while (!rest_.starts_with('"')) {
      require(!rest_.empty() && rest_[0] != '\n', "open quote");
      if (rest_[0] == '\\') {
        const char code = rest_.at(1);
        require(code == 'n' || code == '"' || code == '\\', "escape");
        value += code == 'n' ? '\n' : code;
        rest_.remove_prefix(2);
      } else {
        value += rest_[0];
        rest_.remove_prefix(1);
      }
    }
    take("\"");
    return value;
  }
  void take(std::string_view expected) {
    require(rest_.starts_with(expected), expected);
    rest_.remove_prefix(expected.size());
  }
  std::string until(char end) {
    const auto at = rest_.find(end);
    require(at != std::string_view::npos, "unexpected end");
    std::string result(rest_.substr(0, at));
    require(end == '\n' || result.find('\n') == std::string::npos, "unexpected line end");
    rest_.remove_prefix(at + 1);
    return result;
  }
  void require(bool holds, std::string_view what) const {
    if (!holds) {
      throw std::runtime_error(std::string(what) + " at: " + std::string(rest_.substr(0, 80)));
    }
  }
  std::string_view rest_;
  std::string current_;
};

std::map<std::string, Family> parsed(const Registry& registry) {
  return Parser(render_prometheus(registry)).families;
}

TEST(Prometheus, LabelValuesSurviveWhateverIsInThem) {
  const std::string nasty = "a\"b\\c\nd,e}f{g=h \\n \"\"\t\xe2\x82\xac";
  Registry registry(nasty);
  Counter counter;
  counter.add(7);
  registry.add_counter({"n", "help with \\ and\nline end and \"quotes\""}, {{"stage", nasty}},
                       counter);
  const auto families = parsed(registry);
  const Sample& sample = families.at("n").samples.at(0);
  EXPECT_EQ(sample.labels.at("stage"), nasty);
  EXPECT_EQ(sample.labels.at("application"), nasty);
  EXPECT_EQ(sample.value, "7");
  EXPECT_EQ(families.at("n").help, "help with \\\\ and\\nline end and \"quotes\"");
}

TEST(Prometheus, IntegersAreExactAndNanosecondsAreSeconds) {
  Registry registry("app");
  Counter big;
  big.add(std::numeric_limits<std::uint64_t>::max());
  Counter time;
  time.add(1'500'000'000);
  Gauge negative;
  negative.set(-3);
  registry.add_counter({"big", ""}, {}, big);
  registry.add_counter({"time", "", MetricUnit::nanoseconds}, {}, time);
  registry.add_gauge({"negative", ""}, {}, negative);
  registry.add_callback({"nan", ""}, MetricType::gauge, {},
                        [] { return std::numeric_limits<double>::quiet_NaN(); });
  registry.add_callback({"inf", ""}, MetricType::gauge, {},
                        [] { return -std::numeric_limits<double>::infinity(); });
  auto families = parsed(registry);
  EXPECT_EQ(families["big"].samples.at(0).value, "18446744073709551615");
  EXPECT_EQ(families["time"].samples.at(0).value, "1.5");
  EXPECT_EQ(families["negative"].samples.at(0).value, "-3");
  EXPECT_EQ(families["nan"].samples.at(0).value, "NaN");
  EXPECT_EQ(families["inf"].samples.at(0).value, "-Inf");
  EXPECT_EQ(families["big"].type, "counter");
  EXPECT_EQ(families["negative"].type, "gauge");
}

TEST(Prometheus, HistogramsAreCumulativeWithTheSameBucketsForEverySeries) {
  Registry registry("app");
  LatencyHistogram some;
  LatencyHistogram none;
  some.record(0);
  some.record(3);
  some.record(1'000'000, 10);          // 1 ms
  some.record(60'000'000'000);         // a minute: above the last bound
  some.record(std::int64_t{1} << 62);  // beyond the last bin of all
  registry.add_histogram({"latency", ""}, {{"stage", "some"}}, some);
  registry.add_histogram({"latency", ""}, {{"stage", "none"}}, none);

  std::map<std::string, std::vector<Sample>> buckets;
  std::map<std::string, double> counts;
  const auto families = parsed(registry);
  for (const Sample& sample : families.at("latency").samples) {
    if (sample.name == "latency_bucket") {
      buckets[sample.labels.at("stage")].push_back(sample);
    } else if (sample.name == "latency_count") {
      counts[sample.labels.at("stage")] = sample.number();
    }
  }
  EXPECT_EQ(families.at("latency").type, "histogram");
  ASSERT_EQ(buckets["some"].size(), 26U);
  ASSERT_EQ(buckets["none"].size(), 26U);
  double previous_bound = 0;
  double previous = 0;
  for (std::size_t i = 0; i < 26; ++i) {
    const Sample& sample = buckets["some"][i];
    EXPECT_EQ(sample.labels.at("le"), buckets["none"][i].labels.at("le"));
    const double bound = std::strtod(sample.labels.at("le").c_str(), nullptr);
    EXPECT_GT(bound, previous_bound);
    EXPECT_GE(sample.number(), previous);
    EXPECT_EQ(sample.number(), bound < 0.001 ? 2 : bound < 60 ? 12 : 14) << bound;
    previous_bound = bound;
    previous = sample.number();
  }
  EXPECT_EQ(buckets["some"].front().labels.at("le"), "1.024e-06");
  EXPECT_EQ(buckets["some"].back().labels.at("le"), "+Inf");
  EXPECT_EQ(counts["some"], 14);
  EXPECT_EQ(counts["none"], 0);
}

TEST(Prometheus, FamiliesStayTogetherWhenTheirSeriesAreAddedInTurn) {
  Registry registry("app");
  StageMetrics first;
  StageMetrics second;
  second.records_in.add(5);
  register_stage(registry, {"p", "split", "w", 0}, first);
  register_stage(registry, {"p", "split", "w", 1}, second);
  const auto families = parsed(registry);  // the parser throws when a family is not contiguous
  const auto& samples = families.at("wallaroo_stage_records_in_total").samples;
  ASSERT_EQ(samples.size(), 2U);
  const std::map<std::string, std::string> labels = {{"application", "app"},
                                                     {"pipeline", "p"},
                                                     {"stage", "split"},
                                                     {"worker", "w"},
                                                     {"executor", "1"}};
  EXPECT_EQ(samples[1].labels, labels);
  EXPECT_EQ(samples[1].value, "5");
}

TEST(Prometheus, AnEmptyRegistryIsAnEmptyPage) {
  EXPECT_EQ(render_prometheus(Registry("app")), "");
}

}  // namespace
}  // namespace wallaroo::internal
