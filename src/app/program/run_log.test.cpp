// The log of a run reports records that did not reach a sink, and ends with totals.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wallaroo/wallaroo.hpp>

namespace wallaroo {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1'700'000'000 * second;

/// The lines that an application logs until it has ended.
std::vector<std::string> log_of(const Application& app, int threads) {
  std::mutex mutex;
  std::vector<std::string> lines;
  EngineOptions options;
  options.threads = threads;
  options.log = [&](LogLevel level, std::string_view text) {
    const std::lock_guard lock(mutex);
    lines.push_back((level == LogLevel::warning ? "warning: " : "") + std::string(text));
  };
  Engine engine(app, options);
  engine.start();
  engine.wait();
  const std::lock_guard lock(mutex);
  return lines;
}

std::vector<std::string> matching(const std::vector<std::string>& lines, const std::string& what) {
  std::vector<std::string> found;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(found),
               [&](const auto& one) { return std::regex_search(one, std::regex(what)); });
  return found;
}

struct Reading {
  std::string key;
  std::int64_t time_ns = 0;
};

/// Makes records of which every other one is a thousand seconds behind the one before it.
Reading back_and_forth(std::uint64_t index) {
  const auto i = static_cast<std::int64_t>(index);
  return {"ann", start + (i % 2 == 0 ? 10'000 + i : 9'000) * second};
}

Application windows(Reading (*make)(std::uint64_t), std::uint64_t count) {
  Application app("readings");
  app.source("in", generator_source({.count = count}, make))
      .event_time("time", &Reading::time_ns, bounded_lateness(5s))
      .key_by("key", &Reading::key)
      .to("sums", range_windows(10s).over(wallaroo::count()))
      .to_sink("out", callback_sink([](const auto&) {}));
  return app;
}

TEST(TheLogOfARun, TellsOfLateRecordsAndSumsThemUpInTheEnd) {
  for (const int threads : {1, 3}) {
    const auto lines = log_of(windows(back_and_forth, 50'000), threads);
    const auto late = matching(lines, "^warning: stage 'sums': .* came too late");
    ASSERT_FALSE(late.empty());
    EXPECT_LT(late.size(), 40U);
    EXPECT_NE(late.front().find("raise bounded_lateness on 'time', give the windows a delay"),
              std::string::npos)
        << late.front();
    EXPECT_NE(late.front().find("at watermark 2023-11-1"), std::string::npos) << late.front();
    const auto summary = matching(lines, "summary");
    ASSERT_EQ(summary.size(), 1U);
    // Records of the first batch may be counted before there is a watermark.
    EXPECT_TRUE(std::regex_match(
        summary.front(), std::regex("warning: summary: stage 'sums': [0-9]+ of 50000 records came "
                                    "too late and were dropped")))
        << summary.front();
    // This is not always the last line: the run may end before its start has been logged.
    EXPECT_EQ(matching(lines, "in .*s: source 'in' 50 k records \\(.*/s\\); sink 'out' ").size(),
              1U);
  }
}

Reading ascending_times(std::uint64_t index) {
  return {"ann", start + static_cast<std::int64_t>(index) * second};
}

TEST(TheLogOfARun, SaysNothingOfLossesWhenThereAreNone) {
  const auto lines = log_of(windows(ascending_times, 2'000), 2);
  EXPECT_EQ(matching(lines, "warning|summary"), std::vector<std::string>());
}

Reading in_seconds(std::uint64_t index) {
  return {std::to_string(index), 1'700'000'000 + static_cast<std::int64_t>(index)};
}

TEST(TheLogOfARun, WarnsOnceOfTimesInAnotherUnit) {
  Application app("readings");
  app.source("in", generator_source({.count = 2'000, .partitions = 4}, in_seconds))
      .event_time("time", &Reading::time_ns, bounded_lateness(5s))
      .to_sink("out", callback_sink([](const auto&) {}));
  const auto doubts = matching(log_of(app, 4), "doubtful");
  ASSERT_EQ(doubts.size(), 1U);
  EXPECT_NE(doubts.front().find("warning: stage 'time': the first event time is doubtful: 1700"),
            std::string::npos)
      << doubts.front();
  EXPECT_NE(doubts.front().find("as seconds it would be 2023-11-14"), std::string::npos);
}

std::string odd_ones_fail(const std::uint64_t& number) {
  if (number % 2 == 1) {
    throw std::runtime_error("odd");
  }
  return std::to_string(number);
}

TEST(TheLogOfARun, TellsOfSkippedAndDeadLetteredRecords) {
  Application app("numbers");
  app.source("in", generator_source({.count = 1'000, .partitions = 2},
                                    [](std::uint64_t index) { return index; }))
      .to("first", odd_ones_fail, {.on_error = OnError::dead_letter})
      .to("second", [](const std::string& text) -> std::string { throw std::runtime_error(text); },
          {.on_error = OnError::skip})
      .to_sink("out", callback_sink([](const std::string&) {}));
  app.dead_letters("dead").to_sink("letters", callback_sink([](const DeadLetter&) {}));
  const auto lines = log_of(app, 2);
  EXPECT_FALSE(matching(lines,
                        "^warning: stage 'first' failed on record .*: odd; record sent to the dead "
                        "letters \\(1 so far on this executor\\)")
                   .empty());
  EXPECT_FALSE(matching(lines, "^warning: stage 'second' failed .*; record skipped").empty());
  EXPECT_LT(matching(lines, "failed on record").size(), 100U);
  EXPECT_EQ(matching(lines, "summary"),
            (std::vector<std::string>{"warning: summary: stage 'first': 500 of 1000 records failed "
                                      "and were sent to the dead letters",
                                      "warning: summary: stage 'second': 500 of 500 records failed "
                                      "and were skipped"}));
}

TEST(TheLogOfARun, EndsWithTheSummaryAlsoAfterAnError) {
  Application app("numbers");
  app.source("in", generator_source({.count = 1'000}, [](std::uint64_t index) { return index; }))
      .to("first", odd_ones_fail, {.on_error = OnError::skip})
      .to("second",
          [](const std::string& text) {
            if (text == "900") {
              throw std::runtime_error("not this one");
            }
            return text;
          })
      .to_sink("out", callback_sink([](const std::string&) {}));
  const auto lines = log_of(app, 1);
  EXPECT_EQ(matching(lines, "summary: stage 'first'").size(), 1U);
  EXPECT_EQ(matching(lines, "^in .*source 'in' ").size(), 1U);
}

TEST(TheLogOfARun, WhoseCallbackThrowsInTheEndMakesTheRunFail) {
  Application app("numbers");
  app.source("in", generator_source({.count = 10}, [](std::uint64_t index) { return index; }))
      .to_sink("out", callback_sink([](std::uint64_t) {}));
  EngineOptions options{.threads = 2};
  options.log = [](LogLevel, std::string_view text) {
    if (text.find("in ") == 0) {
      throw std::runtime_error("cannot log");
    }
  };
  Engine engine(app, options);
  engine.start();
  EXPECT_EQ(engine.wait().error, "cannot log");
}

}  // namespace
}  // namespace wallaroo
