#include "metrics/describe.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "metrics/prometheus.hpp"
#include "metrics/snapshot.hpp"

namespace wallaroo::internal {
namespace {

/// Registers one of everything that the engine describes.
struct Everything {
  Everything() {
    register_process(registry);
    register_stage(registry, {"p", "s", "w", 0}, stage);
    register_output(registry, {"p", "s", "w", 0}, stage);
    register_timers(registry, {"p", "s", "w", 0}, stage);
    register_keys(registry, {"p", "s", "w", 0}, stage);
    register_time(registry, {"p", "s", "w", 0}, stage);
    register_windows(registry, {"p", "s", "w", 0}, stage);
    register_join(registry, {"p", "s", "w", 0}, stage);
    register_source(registry, {"p", "in", "w", 0}, source);
    register_sink(registry, {"p", "out", "w", 0}, sink);
    register_edge(registry, {0, "in", "s", "w"}, {{&edge}, {}}, [] { return EdgeFill{}; });
    register_segment(registry, {0, "segment", "s", "w", 0}, segment);
    register_build(registry, "1.2.3");
    register_executor(registry, {"w", 0}, executor);
    register_checkpoints(registry, "w", checkpoints);
  }
  StageMetrics stage;
  SourceMetrics source;
  SinkMetrics sink;
  EdgeMetrics edge;
  SegmentMetrics segment;
  ExecutorMetrics executor;
  CheckpointMetrics checkpoints;
  Registry registry{"app"};
};

std::string document(const char* path) {
  const auto file = std::filesystem::path(__FILE__).parent_path() / "../../docs" / path;
  std::ifstream stream(file);
  EXPECT_TRUE(stream) << file;
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

TEST(Describe, EveryMetricIsExplainedInTheGuide) {
  const Everything all;
  const std::string guide = document("guide/metrics.md");
  EXPECT_GE(all.registry.families().size(), 28U);
  for (const MetricFamily& family : all.registry.families()) {
    EXPECT_NE(guide.find("`" + family.about.name + "`"), std::string::npos) << family.about.name;
    EXPECT_FALSE(family.about.help.empty()) << family.about.name;
  }
}

TEST(Describe, TheGuideExplainsNoMetricThatDoesNotExist) {
  const Everything all;
  std::set<std::string> known;
  for (const MetricFamily& family : all.registry.families()) {
    known.insert(family.about.name);
  }
  const std::string guide = document("guide/metrics.md");
  for (auto at = guide.find("| `"); at != std::string::npos; at = guide.find("| `", at + 1)) {
    const std::string name = guide.substr(at + 3, guide.find('`', at + 3) - at - 3);
    EXPECT_EQ(known.count(name), 1U) << name;
  }
}

TEST(Describe, NamesFollowPrometheusConventions) {
  const Everything all;
  for (const MetricFamily& family : all.registry.families()) {
    const std::string& name = family.about.name;
    EXPECT_EQ(name.ends_with("_total"), family.type == MetricType::counter) << name;
    if (family.type == MetricType::histogram || family.about.unit == MetricUnit::nanoseconds) {
      EXPECT_NE(name.find("_seconds"), std::string::npos) << name;
    }
    if (name.ends_with("_seconds") && family.about.help.find("Unix") != std::string::npos) {
      EXPECT_TRUE(name.ends_with("_timestamp_seconds") || name == "process_start_time_seconds")
          << name << ": a time, not a duration";
    }
    for (const char* other_unit : {"_ns", "_ms", "_milliseconds", "_percent", "_kb", "_mb"}) {
      EXPECT_FALSE(name.ends_with(other_unit)) << name;
    }
  }
}

TEST(Describe, TheProcessMetricsAreRead) {
  const Everything all;
  for (const MetricFamily& family : all.registry.families()) {
    if (family.about.name.starts_with("process_")) {
      const auto& read = std::get<std::function<double()>>(family.series.at(0).source);
      EXPECT_GT(read(), 0) << family.about.name;
    }
  }
}

}  // namespace
}  // namespace wallaroo::internal
