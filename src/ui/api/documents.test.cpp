// The documents of the API against counters that a test sets.
#include <cstdint>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <wallaroo/types/error.hpp>

#include "ui/api/config.hpp"
#include "ui/api/keys.hpp"
#include "ui/api/series.hpp"
#include "ui/api/stage.hpp"
#include "ui/history.rig.hpp"

namespace wallaroo::internal {
namespace {

namespace json = boost::json;

RunFacts facts() {
  return {.plan_id = "ab",
          .application = "words",
          .version = "1",
          .worker = "worker1",
          .verdict = {.addresses = {{"totals", "127.0.0.1:7002"}}}};
}

json::value series(const Counted& app, const char* target = "/api/v1/series") {
  return json::parse(
      render_series(app.history, facts(), window_of(parse_target(target), app.history)));
}

/// Two samples with figures that are easy to follow.
void run_for_a_second(Counted& app) {
  app.sample();
  app.source.records.add(100);
  app.source.bytes.add(5000);
  app.source.connections.set(2);
  for (const std::size_t executor : {0U, 1U}) {
    app.stages[Counted::lines][executor].records_in.add(50);
    app.stages[Counted::lines][executor].records_out.add(50);
    app.stages[Counted::word][executor].records_in.add(50);
    app.stages[Counted::word][executor].records_out.add(50);
    app.stages[Counted::count][executor].records_in.add(50);
    app.stages[Counted::count][executor].records_out.add(50);
    app.stages[Counted::count][executor].latency.record(1500, 10);
    app.stages[Counted::totals][executor].records_in.add(50);
  }
  app.stages[Counted::count][0].errors.add(4);
  app.segments[1][0].busy_ns.add(500'000'000);
  app.executors[0].busy_ns.add(500'000'000);
  app.sink.records.add(90);
  app.sink.connected.set(1);
  app.sink.buffered_bytes.set(4096);
  app.sink.latency.record(1'500'000, 90);
  app.edges[0].records.add(100);
  app.edges[1].records.add(100);
  app.fill = {3, 64, 0.125};
  app.sample();
}

TEST(Series, IsTheDocumentOfTheContract) {
  Counted app;
  run_for_a_second(app);
  json::object found = series(app).as_object();
  const json::object expected = json::parse(R"({
    "format": 1, "plan_id": "ab", "application": "words", "time": 1002, "state": "running",
    "uptime_seconds": null, "seq": 1, "first_seq": 1, "first_time": 1002, "points": 1,
    "step_seconds": 1,
    "summary": {"seconds": 600,
      "in": {"now": 100, "min": 100, "median": 100, "max": 100},
      "out": {"now": 90, "min": 90, "median": 90, "max": 90},
      "errors": 4, "late": 0, "lag_seconds": null, "checkpoint_age": null},
    "edges": {"1": {"records": [100], "full": [0.125], "queued": [3]},
              "2": {"records": [100], "full": [0.125], "queued": [3]}},
    "sources": {"0": {"connections": [2], "bad": [0], "bytes": [5000]}},
    "executors": [
      {"worker": "worker1", "executor": 0, "busy": [0.5], "blocked": [0]},
      {"worker": "worker1", "executor": 1, "busy": [0], "blocked": [0]}],
    "workers": [{"worker": "worker1", "cpu": [0], "cpu_waiting": [0], "rss": [0], "open_fds": 0,
                 "uptime_seconds": null, "version": "1", "checkpoint_age": [null]}]})")
                                    .as_object();
  EXPECT_EQ(found.at("summary").as_object().at("latency").at("count"), 90);
  found["summary"].as_object().erase("latency");
  for (const auto& [name, value] : expected) {
    EXPECT_EQ(found.at(name), value) << name;
  }
  EXPECT_EQ(found.at("latency_bounds_seconds").as_array().size(), 25U);
  EXPECT_EQ(found.at("nodes").at("2"), json::parse(R"({"in": [100], "out": [100], "errors": [4],
    "busy": [0.25], "lag_seconds": [null], "p50": [1.536e-06], "p99": [2.03776e-06]})"));
  const json::value& sink = found.at("sinks").at("3");
  EXPECT_EQ(sink.at("latency_bins").at(0).at(11), 90);
  EXPECT_EQ(sink.at("connected"), json::parse("[1]"));
  EXPECT_EQ(sink.at("buffered"), json::parse("[4096]"));
  EXPECT_EQ(found.at("verdict").at("rule"), "errors");
  EXPECT_EQ(found.at("verdict").at("node"), 2);
}

TEST(Series, BeforeTheFirstPointThereIsNone) {
  const Counted app;
  const json::value found = series(app);
  EXPECT_EQ(found.at("seq"), 0);
  EXPECT_EQ(found.at("points"), 0);
  EXPECT_EQ(found.at("verdict").at("rule"), "starting");
  EXPECT_EQ(found.at("nodes").at("0").at("in").as_array().size(), 0U);
}

TEST(Series, GivesThePointsSinceANumber) {
  Counted app;
  for (int i = 0; i <= 10; ++i) {
    app.sample();
  }
  struct Case {
    const char* target;
    int first;
    int points;
  };
  for (const Case& one :
       {Case{"/?since=0", 1, 10}, Case{"/?since=7", 8, 3}, Case{"/?since=10", 11, 0},
        Case{"/?since=99", 1, 10}, Case{"/?since=99&window=4", 7, 4},
        Case{"/?since=2&window=4", 7, 4}, Case{"/?since=8&window=4", 9, 2},
        Case{"/?window=0", 10, 1}, Case{"/?window=9999", 1, 10}, Case{"/", 1, 10}}) {
    const json::value found = series(app, one.target);
    EXPECT_EQ(found.at("first_seq"), one.first) << one.target;
    EXPECT_EQ(found.at("points"), one.points) << one.target;
    EXPECT_EQ(found.at("nodes").at("0").at("in").as_array().size(),
              static_cast<std::size_t>(one.points))
        << one.target;
  }
  for (const char* const target : {"/?since=x", "/?since=-1", "/?window=1.5", "/?since=1x"}) {
    EXPECT_THROW(window_of(parse_target(target), app.history), ConfigError) << target;
  }
}

/// A sink that is slow, as the counters show it for half a minute.
TEST(Series, ASlowSinkIsTheVerdict) {
  Counted app;
  app.sink.connected.set(1);
  app.fill = {64, 64, 1};
  for (int i = 0; i <= 30; ++i) {
    app.source.records.add(10);
    app.edges[1].records.add(10);
    app.sample();
  }
  const json::value verdict = series(app).at("verdict");
  EXPECT_EQ(verdict.at("rule"), "slow_sink");
  EXPECT_EQ(verdict.at("level"), "warn");
  EXPECT_EQ(verdict.at("node"), 3);
  EXPECT_EQ(verdict.at("text"),
            "sink 'totals' is the bottleneck: 127.0.0.1:7002 takes 10 records/s; its queue has "
            "been full for 30 s");
  EXPECT_EQ(verdict.at("since"), 1001);
}

TEST(Series, SilenceIsTheVerdict) {
  Counted app;
  app.sink.connected.set(1);
  for (int i = 0; i <= 30; ++i) {
    app.sample();
  }
  EXPECT_EQ(series(app).at("verdict").at("rule"), "no_input");
}

TEST(Stage, IsTheDocumentOfTheContract) {
  Counted app;
  run_for_a_second(app);
  const json::value found = json::parse(render_stage(
      app.history, facts(), window_of(parse_target("/"), app.history), Counted::count));
  EXPECT_EQ(found.at("name"), "count");
  EXPECT_EQ(found.at("segment_stages"), json::parse(R"(["count", "totals"])"));
  EXPECT_EQ(found.at("bins").at(0).at(1), 20);
  EXPECT_EQ(found.at("latency").at("count"), 20);
  EXPECT_EQ(found.at("in").at("max"), 100);
  EXPECT_EQ(found.at("errors"), 4);
  EXPECT_EQ(found.at("executors").as_array().size(), 2U);
  const json::value& row = found.at("executors").at(0);
  EXPECT_EQ(row.at("worker"), "worker1");
  EXPECT_EQ(row.at("in_total"), 50);
  EXPECT_EQ(row.at("errors"), 4);
  EXPECT_EQ(row.at("in"), 17.5);  // the mean moves by a third
  EXPECT_EQ(row.at("segment_busy"), json::parse("0.175"));
  EXPECT_EQ(row.at("latency").at("count"), 10);
  EXPECT_TRUE(row.at("watermark").is_null());
  EXPECT_EQ(row.at("late"), 0);
  EXPECT_FALSE(row.as_object().contains("windows_open"));
  EXPECT_EQ(found.at("edges_in"), json::parse("[1]"));
  EXPECT_EQ(found.at("edges_out"), json::parse("[2]"));
  EXPECT_EQ(found.at("previous"), json::parse("[1]"));
  EXPECT_EQ(found.at("next"), json::parse("[3]"));
}

struct SampledWords {
  KeySample samples[2];
  std::vector<SampledKeys> list{{StageId(Counted::word), 0, &samples[0]},
                                {StageId(Counted::word), 1, &samples[1]}};
  Gauge gauge;

  SampledWords() {
    for (KeySample& sample : samples) {
      sample.hottest = std::make_unique<HotKeys>();
    }
  }
  void add(std::size_t executor, std::size_t group, const char* key, int times) {
    for (int i = 0; i < times; ++i) {
      samples[executor].add(group << 24, gauge, [key] { return std::string(key); });
    }
  }
};

TEST(Keys, AreThoseOfAllExecutors) {
  SampledWords words;
  words.add(0, 3, "\"the\"", 30);
  words.add(1, 3, "\"the\"", 30);
  words.add(1, 200, "\"a\"", 40);
  const json::value found = json::parse(
      render_keys(Counted::make_view(), words.list,
                  {.plan_id = "ab", .worker = "worker1", .show_keys = true, .stage = "count"}));
  const json::value& keyed = found.at("stages").at(0);
  EXPECT_EQ(keyed.at("stage"), "word");
  EXPECT_EQ(keyed.at("node"), 1);
  EXPECT_EQ(keyed.at("samples"), 100);
  EXPECT_EQ(keyed.at("groups").at(3), json::parse("0.6"));
  EXPECT_EQ(keyed.at("groups").at(200), json::parse("0.4"));
  EXPECT_EQ(keyed.at("owners").at(0), 0);
  EXPECT_EQ(keyed.at("owners").at(255), 1);
  EXPECT_EQ(keyed.at("executors"), json::parse(R"([
    {"worker": "worker1", "executor": 0, "share": 0.6, "groups": 128},
    {"worker": "worker1", "executor": 1, "share": 0.4, "groups": 128}])"));
  EXPECT_EQ(keyed.at("hottest"), json::parse(R"([
    {"key": "the", "share": 0.6, "error": 0, "group": 3, "executor": 0},
    {"key": "a", "share": 0.4, "error": 0, "group": 200, "executor": 1}])"));
}

TEST(Keys, AreNotShownUnlessAskedFor) {
  SampledWords words;
  words.add(0, 3, "secret", 30);
  const std::string text =
      render_keys(Counted::make_view(), words.list, {.plan_id = "ab", .worker = "worker1"});
  EXPECT_EQ(text.find("secret"), std::string::npos);
  EXPECT_EQ(json::parse(text).at("stages").at(0).at("hottest").at(0).at("share"), 1);
}

TEST(Keys, OfAStageWithoutKeysAreAMistake) {
  EXPECT_THROW(render_keys(Counted::make_view(), {}, {.stage = "lines"}), ConfigError);
  EXPECT_THROW(render_keys(Counted::make_view(), {}, {.stage = "nothing"}), ConfigError);
}

TEST(HotKeys, ARareKeyDoesNotPushOutAFrequentOne) {
  HotKeys keys;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    keys.add(i % 3 == 0 ? 7 : 1000 + i, [&] { return i % 3 == 0 ? "hot" : "cold"; });
  }
  const HotKeys::Found found = keys.find();
  ASSERT_EQ(found.entries.size(), HotKeys::most_kept);
  double hot = 0;
  for (const HotKeys::Entry& entry : found.entries) {
    hot = entry.hash == 7 ? entry.count - entry.error : hot;
    EXPECT_GE(entry.count, entry.error);
  }
  EXPECT_NEAR(hot, 10'000 / 3, 200);
}

TEST(Config, SaysWhereEachFlagComesFrom) {
  const json::value found = json::parse(render_config(
      Counted::make_view(),
      {.plan_id = "ab",
       .application = "words",
       .version = "1",
       .worker = "worker1",
       .explain = "a plan",
       .started = 7,
       .flags = {{.name = "threads", .value = "2", .origin = "file", .file = "a.toml", .help = "h"},
                 {.name = "http", .value = "", .origin = "default"}},
       .addresses = {{"totals", "127.0.0.1:7002"}, {"word", "no address"}}}));
  EXPECT_EQ(found.at("flags"), json::parse(R"([
    {"name": "threads", "value": "2", "origin": "file", "file": "a.toml", "help": "h"},
    {"name": "http", "value": "", "origin": "default", "help": ""}])"));
  EXPECT_EQ(found.at("addresses"),
            json::parse(R"([{"name": "totals", "role": "sink", "address": "127.0.0.1:7002"}])"));
  EXPECT_EQ(found.at("workers").at(0).at("executors"), 2);
  EXPECT_EQ(found.at("workers").at(0).at("started"), 7);
  EXPECT_FALSE(found.at("workers").at(0).at("system").as_string().empty());
}

}  // namespace
}  // namespace wallaroo::internal
