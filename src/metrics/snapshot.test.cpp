#include "metrics/snapshot.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "metrics/describe.hpp"

namespace wallaroo::internal {
namespace {

boost::json::value parsed(const Registry& registry) {
  return boost::json::parse(render_snapshot(registry));
}

TEST(Snapshot, GroupsByPipelineStageAndExecutor) {
  Registry registry("app");
  StageMetrics split[2];
  StageMetrics count;
  SourceMetrics source;
  SinkMetrics sink;
  split[1].records_in.add(42);
  split[1].latency.record(1'000'000, 3);
  sink.latency.record(60'000'000'000);
  source.bytes.add(99);
  register_source(registry, {"p", "lines", "w", 0}, source);
  register_stage(registry, {"p", "split", "w", 0}, split[0]);
  register_stage(registry, {"p", "count", "w", 0}, count);
  register_stage(registry, {"p", "split", "w", 1}, split[1]);
  register_sink(registry, {"other", "totals", "w", 0}, sink);

  const auto document = parsed(registry);
  EXPECT_EQ(document.at("format"), 2);
  EXPECT_EQ(document.at("application"), "app");
  const auto& pipelines = document.at("pipelines").as_array();
  ASSERT_EQ(pipelines.size(), 2U);
  EXPECT_EQ(pipelines[0].at("name"), "p");
  EXPECT_EQ(pipelines[0].at("sources").at(0).at("executors").at(0).at("bytes_total"), 99);
  const auto& stages = pipelines[0].at("stages").as_array();
  ASSERT_EQ(stages.size(), 2U);
  EXPECT_EQ(stages[0].at("name"), "split");
  EXPECT_EQ(stages[1].at("name"), "count");
  ASSERT_EQ(stages[0].at("executors").as_array().size(), 2U);
  const auto& on_second = stages[0].at("executors").at(1);
  EXPECT_EQ(on_second.at("executor"), 1);
  EXPECT_EQ(on_second.at("worker"), "w");
  EXPECT_EQ(on_second.at("records_in_total"), 42);
  EXPECT_EQ(on_second.at("latency_seconds").at("count"), 3);
  EXPECT_TRUE(pipelines[1].at("stages").as_array().empty());
  const auto& of_sink = pipelines[1].at("sinks").at(0).at("executors").at(0);
  EXPECT_EQ(of_sink.at("pipeline_latency_seconds").at("count"), 1);
}

TEST(Snapshot, BinsStandUnderTheirBounds) {
  Registry registry("app");
  StageMetrics stage;
  stage.latency.record(1'000'000, 3);
  stage.latency.record(60'000'000'000);  // above the last bound: counted, in no bin
  register_stage(registry, {"p", "s", "w", 0}, stage);
  const auto document = parsed(registry);
  const auto& bounds = document.at("latency_bounds_seconds").as_array();
  const auto& latency =
      document.at("pipelines").at(0).at("stages").at(0).at("executors").at(0).at("latency_seconds");
  const auto& bins = latency.at("bins").as_array();
  ASSERT_EQ(bins.size(), bounds.size());
  EXPECT_EQ(latency.at("count"), 4);
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const bool here = bounds[i].as_double() > 0.001 && bounds[i].as_double() <= 0.002;
    EXPECT_EQ(bins[i], here ? 3 : 0) << bounds[i];
  }
}

TEST(Snapshot, EdgesSegmentsAndExecutorsHaveTheirOwnLists) {
  Registry registry("app");
  EdgeMetrics on_executor[2];
  on_executor[0].records.add(40);
  on_executor[1].records.add(2);
  Counter blocked;
  blocked.add(500'000'000);
  SegmentMetrics segment;
  segment.busy_ns.add(1'500'000'000);
  ExecutorMetrics executor;
  executor.busy_ns.add(2'500'000'000);
  register_edge(registry, {7, "split", "count", "w"},
                {{&on_executor[0], &on_executor[1]}, {&blocked}}, [] {
                  return EdgeFill{40, 64, 0.75};
                });
  register_segment(registry, {3, "segment", "count, totals", "w", 1}, segment);
  register_executor(registry, {"w", 1}, executor);
  const auto document = parsed(registry);
  const auto& edge = document.at("edges").at(0);
  EXPECT_EQ(edge.at("edge"), 7);
  EXPECT_EQ(edge.at("from"), "split");
  EXPECT_EQ(edge.at("to"), "count");
  EXPECT_EQ(edge.at("queued_batches"), 40);
  EXPECT_EQ(edge.at("capacity_batches"), 64);
  EXPECT_EQ(edge.at("fullest_queue_ratio"), 0.75);
  EXPECT_EQ(edge.at("records_total"), 42);
  EXPECT_EQ(edge.at("blocked_seconds_total"), 0.5);
  const auto& of_segment = document.at("segments").at(0);
  EXPECT_EQ(of_segment.at("segment"), 3);
  EXPECT_EQ(of_segment.at("kind"), "segment");
  EXPECT_EQ(of_segment.at("stages"), "count, totals");
  EXPECT_EQ(of_segment.at("executor"), 1);
  EXPECT_EQ(of_segment.at("busy_seconds_total"), 1.5);
  EXPECT_EQ(document.at("executors").at(0).at("executor"), 1);
  EXPECT_EQ(document.at("executors").at(0).at("busy_seconds_total"), 2.5);
}

// If each series were found by a search through the entries, this would take as long as all other
// tests here together.
TEST(Snapshot, PutsThousandsOfSeriesInTheirPlaces) {
  constexpr std::size_t count = 3000;
  Registry registry("app");
  std::vector<StageMetrics> stages(3);
  std::vector<ExecutorMetrics> executors(count);
  for (std::size_t i = 0; i < count; ++i) {
    executors[i].busy_ns.add(i * 1'000'000'000);
    register_executor(registry, {fmt::format("w{}", i % 7), static_cast<int>(i / 7)}, executors[i]);
  }
  for (std::size_t i = 0; i < stages.size(); ++i) {
    stages[i].records_in.add(i);
    register_stage(registry, {"p", "same name", "w", static_cast<int>(i)}, stages[i]);
    register_stage(registry, {"q", "same name", "w", static_cast<int>(i)}, stages[i]);
  }
  const auto document = parsed(registry);
  const auto& entries = document.at("executors").as_array();
  ASSERT_EQ(entries.size(), count);
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(entries[i].at("busy_seconds_total"), i);
    EXPECT_EQ(entries[i].at("executor"), i / 7);
  }
  for (const std::size_t pipeline : {0U, 1U}) {
    const auto& of = document.at("pipelines").at(pipeline).at("stages").at(0).at("executors");
    ASSERT_EQ(of.as_array().size(), stages.size());
    EXPECT_EQ(of.at(2).at("records_in_total"), 2);
  }
}

TEST(Snapshot, StaysJsonWhateverNamesAndNumbersAreInIt) {
  const std::string nasty = "q\"\\\n\x01\xff";
  Registry registry(nasty);
  StageMetrics stage;
  register_stage(registry, {nasty, nasty, nasty, 0}, stage);
  registry.add_callback({"odd", ""}, MetricType::gauge, {},
                        [] { return std::numeric_limits<double>::infinity(); });
  const auto document = parsed(registry);
  const boost::json::string shown = "q\"\\\n\x01\xef\xbf\xbd";
  EXPECT_EQ(document.at("application"), shown);
  EXPECT_EQ(document.at("pipelines").at(0).at("stages").at(0).at("name"), shown);
  EXPECT_EQ(document.at("other").at(0).at("name"), "odd");
  EXPECT_TRUE(document.at("other").at(0).at("value").is_null());
}

TEST(Snapshot, AnEmptyRegistryHasAllMembers) {
  const auto document = parsed(Registry("app"));
  for (const char* name : {"pipelines", "edges", "segments", "executors", "other"}) {
    EXPECT_TRUE(document.at(name).as_array().empty()) << name;
  }
  EXPECT_TRUE(document.at("process").as_object().empty());
}

}  // namespace
}  // namespace wallaroo::internal
