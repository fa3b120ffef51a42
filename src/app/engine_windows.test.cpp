// Windows as applications of Wallaroo 0.6 have them, in virtual time.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <wallaroo/testing.hpp>
#include <wallaroo/wallaroo.hpp>

namespace wallaroo::testing {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

/// Lists the records of a window.
struct List {
  std::string initial_accumulator() const { return {}; }
  void update(const std::string& record, std::string& list) const { list += record + " "; }
  std::string combine(const std::string& a, const std::string& b) const { return a + b; }
  std::string output(const std::string& key, const std::string& list) const {
    return key + ": " + list;
  }
};

template <class Windows>
Application application(Windows windows) {
  Application app("windows");
  app.source("in", tcp_source({.listen = "127.0.0.1:1"},
                              [](std::string_view text) { return std::string(text); }))
      .key_by("key", [](const std::string& text) { return text.substr(0, 1); })
      .to("lists", windows.over(List()))
      .to_sink("out",
               tcp_sink({.connect = "127.0.0.1:1"}, [](const std::string& line) { return line; }));
  return app;
}

Lines sorted(Lines lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST(CountWindowsInAnEngine, AreFlushedEveryFiveSecondsAlsoWhenRecordsCome) {
  const Application app = application(count_windows(3).with_flush_every(5s));
  Harness harness(app, HarnessOptions{.executors = 2});
  Lines all;
  for (int second = 0; second < 10; ++second) {
    harness.send("in", fmt::format("a{}", second));
    if (second == 2) {
      harness.send("in", "b");
    }
    harness.advance(1s);
    for (std::string& line : harness.output("out")) {
      all.push_back(std::move(line));
    }
  }
  std::size_t records = 0;
  for (const std::string& line : all) {
    records += static_cast<std::size_t>(std::count(line.begin(), line.end(), ' ')) - 1;
  }
  EXPECT_EQ(records, 11U) << "every record is in one result by then";
  EXPECT_EQ(all.size(), 5U) << "3 + 2 of a, twice, and 1 of b";
}

TEST(CountWindowsInAnEngine, AreFlushedAfterARestartAsWell) {
  const Application app = application(count_windows(3).with_flush_every(5s));
  Harness before(app);
  before.send("in", "a1");
  before.advance(1s);
  before.send("in", "a2");
  const Checkpoint checkpoint = before.checkpoint();
  EXPECT_EQ(before.output("out"), Lines{});
  Harness after(app, HarnessOptions{.restore = checkpoint});
  EXPECT_EQ(after.output("out"), Lines{});
  after.advance(5s);
  EXPECT_EQ(after.output("out"), Lines{"a: a1 a2 "});
  after.send("in", "a3");
  after.advance(5s);
  EXPECT_EQ(after.output("out"), Lines{"a: a3 "});
}

TEST(CountWindowsInAnEngine, AreNotFlushedUnlessTheyAreToldTo) {
  const Application app = application(count_windows(3));
  Harness harness(app);
  harness.send("in", "a");
  harness.advance(1h);
  EXPECT_EQ(harness.output("out"), Lines{});
  harness.end();
  EXPECT_EQ(harness.output("out"), Lines{"a: a "});
}

TEST(RangeWindowsInAnEngine, GiveResultsWithoutRecordsWhenTheyAreToldTo) {
  const Application app = application(range_windows(10s).with_empty_windows());
  Harness harness(app);
  harness.send("in", "a1");
  harness.advance(10s);
  EXPECT_EQ(harness.output("out"), Lines{"a: a1 "});
  harness.send("in", "b1");
  harness.advance(10s);
  EXPECT_EQ(sorted(harness.output("out")), (Lines{"a: ", "b: b1 "}));
  harness.advance(1h);
  EXPECT_EQ(sorted(harness.output("out")), (Lines{"a: ", "a: ", "a: ", "b: ", "b: ", "b: "}))
      << "forgotten after four times the range without a record";
  harness.send("in", "b2");
  harness.advance(10s);
  EXPECT_EQ(harness.output("out"), Lines{"b: b2 "});
}

TEST(RangeWindowsInAnEngine, GiveResultsWithoutRecordsAfterARestart) {
  const Application app = application(range_windows(10s).with_slide(5s).with_empty_windows());
  Harness before(app);
  before.send("in", "a1");
  before.advance(10s);
  EXPECT_EQ(before.output("out"), (Lines{"a: a1 ", "a: a1 "}));
  before.send("in", "b1");
  const Checkpoint checkpoint = before.checkpoint();
  Harness after(app, HarnessOptions{.start = HarnessOptions().start + 10s, .restore = checkpoint});
  after.advance(5s);
  EXPECT_EQ(sorted(after.output("out")), (Lines{"a: ", "b: b1 "}));
}

/// Each executor aggregates batches, and one has the windows.
TEST(RangeWindowsInAnEngine, GiveResultsWithoutRecordsAlsoWithoutKeys) {
  Application app("windows");
  app.source("in", tcp_source({.listen = "127.0.0.1:1"},
                              [](std::string_view text) { return std::string(text); }))
      .to("counts", range_windows(10s).with_empty_windows().over(count()))
      .to_sink("out", tcp_sink({.connect = "127.0.0.1:1"},
                               [](const auto& result) { return std::to_string(result.value); }));
  Harness harness(app, HarnessOptions{.executors = 2});
  harness.send("in", "a1");
  harness.send("in", "a2");
  harness.advance(1h);
  EXPECT_EQ(harness.output("out"), (Lines{"2", "0", "0", "0"}));
  harness.send("in", "a3");
  harness.end();
  EXPECT_EQ(harness.output("out"), Lines{"1"});
}

TEST(RangeWindowsInAnEngine, GiveNoResultsWithoutRecordsOtherwise) {
  const Application app = application(range_windows(10s));
  Harness harness(app);
  harness.send("in", "a1");
  harness.advance(30s);
  harness.send("in", "a2");
  harness.advance(10s);
  EXPECT_EQ(harness.output("out"), (Lines{"a: a1 ", "a: a2 "}));
}

/// Applications of Wallaroo 0.6 expect all windows to fire after four times range + delay without
/// input.
TEST(RangeWindowsInAnEngine, AreClosedWhenTheirInputHasBeenIdleForAsLongAsTheirTimeout) {
  Application app("windows");
  app.source("in", tcp_source({.listen = "127.0.0.1:1"},
                              [](std::string_view text) { return std::string(text); }))
      .event_time("time", [](const std::string& text) { return std::stoll(text.substr(1)); })
      .key_by("key", [](const std::string& text) { return text.substr(0, 1); })
      .to("lists", range_windows(10s).with_delay(1s).with_timeout(44s).over(List()))
      .to_sink("out",
               tcp_sink({.connect = "127.0.0.1:1"}, [](const std::string& line) { return line; }));
  Harness harness(app);
  harness.send("in", "a1");
  harness.send("in", "b2");
  harness.advance(43s);
  EXPECT_EQ(harness.output("out"), Lines{});
  harness.advance(60s);
  EXPECT_EQ(sorted(harness.output("out")), (Lines{"a: a1 ", "b: b2 "}));
}

}  // namespace
}  // namespace wallaroo::testing
