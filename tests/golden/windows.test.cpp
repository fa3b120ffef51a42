// Windows through the whole engine: sources, exchange, firing, the end of the stream.
#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <wallaroo/testing.hpp>
#include <wallaroo/wallaroo.hpp>

namespace wallaroo {
namespace {

using namespace std::chrono_literals;

struct Deposit {
  std::string user;
  std::int64_t at_s;
  std::int64_t amount;
};

EventTime time_of(const Deposit& deposit) { return EventTime(std::chrono::seconds(deposit.at_s)); }
const std::string& user_of(const Deposit& deposit) { return deposit.user; }

using Total = WindowResult<std::string, std::int64_t>;

std::string text_of(const Total& total) {
  constexpr std::int64_t second = 1'000'000'000;
  const char* const firing[] = {"", " early", " late", " closed"};
  return fmt::format("{} [{}, {}) {}{}", total.key, total.window.start / second,
                     total.window.end / second, total.value,
                     firing[static_cast<int>(total.window.firing)]);
}

struct Rig {
  template <class Windows>
  explicit Rig(Windows windows, EventTimeOptions times = ascending()) {
    app.source("deposits", input.source())
        .event_time("time", time_of, times)
        .key_by("user", user_of)
        .to("totals", windows)
        .to_sink("out",
                 callback_sink([this](const Total& total) { seen.push_back(text_of(total)); }));
    harness.emplace(app);
  }
  std::vector<std::string> take() { return std::exchange(seen, {}); }
  std::vector<std::string> give(std::initializer_list<Deposit> deposits) {
    for (const Deposit& deposit : deposits) {
      input.push(deposit);
    }
    harness->run();
    return take();
  }

  Application app{"windows"};
  testing::Input<Deposit> input;
  std::vector<std::string> seen;
  std::optional<testing::Harness> harness;
};

using Lines = std::vector<std::string>;

TEST(Windows, ATumblingWindowFiresWhenTheWatermarkReachesItsEnd) {
  Rig rig(range_windows(10s).over(sum(&Deposit::amount)));
  EXPECT_EQ(rig.give({{"ann", 1, 5}, {"bob", 3, 1}, {"ann", 9, 2}}), Lines{});
  Lines fired = rig.give({{"ann", 10, 100}});
  std::sort(fired.begin(), fired.end());
  EXPECT_EQ(fired, (Lines{"ann [0, 10) 7", "bob [0, 10) 1"}));
  rig.harness->end();
  EXPECT_EQ(rig.take(), (Lines{"ann [10, 20) 100 closed"}));
}

TEST(Windows, ARecordThatIsLateIsDroppedAndCounted) {
  Rig rig(range_windows(10s).over(sum(&Deposit::amount)));
  rig.give({{"ann", 1, 5}, {"ann", 25, 1}});
  EXPECT_EQ(rig.give({{"ann", 2, 7}}), Lines{});
  const std::string metrics = rig.harness->metrics_text();
  EXPECT_NE(metrics.find("wallaroo_stage_late_records_total"), std::string::npos) << metrics;
}

TEST(Windows, SlidingWindowsContainARecordSeveralTimes) {
  Rig rig(range_windows(9s).with_slide(3s).over(sum(&Deposit::amount)));
  rig.give({{"ann", 4, 5}});
  EXPECT_EQ(rig.give({{"ann", 12, 1}}), (Lines{"ann [-3, 6) 5", "ann [0, 9) 5", "ann [3, 12) 5"}));
}

TEST(Windows, WhenInputStopsWindowsAreClosedByTheTimeOut) {
  EventTimeOptions times = ascending();
  times.idle_after = 5s;
  Rig rig(range_windows(10s).over(sum(&Deposit::amount)), times);
  rig.give({{"ann", 4, 5}});
  rig.harness->advance(6s);
  rig.harness->advance(3s);
  EXPECT_EQ(rig.take(), Lines{});
  rig.harness->advance(1s);
  EXPECT_EQ(rig.take(), (Lines{"ann [0, 10) 5 closed"}));
}

TEST(Windows, EarlyOutputsArePreliminaryAndMarked) {
  Rig rig(range_windows(10s).with_early_output(1s).over(sum(&Deposit::amount)));
  rig.give({{"ann", 4, 5}});
  rig.harness->advance(1s);
  EXPECT_EQ(rig.take(), (Lines{"ann [0, 10) 5 early"}));
  rig.harness->advance(1s);
  EXPECT_EQ(rig.take(), Lines{});
  // The last early output was long enough ago.
  EXPECT_EQ(rig.give({{"ann", 5, 1}}), (Lines{"ann [0, 10) 6 early"}));
  EXPECT_EQ(rig.give({{"ann", 6, 1}}), Lines{});
  rig.harness->advance(1s);
  EXPECT_EQ(rig.take(), (Lines{"ann [0, 10) 7 early"}));
}

TEST(Windows, LateRecordsCanBeAStreamOfTheirOwn) {
  Application app("late");
  testing::Input<Deposit> input;
  Lines seen;
  auto [totals, late] = app.source("deposits", input.source())
                            .event_time("time", time_of)
                            .key_by("user", user_of)
                            .to_with_late("totals", range_windows(10s).over(sum(&Deposit::amount)));
  totals.to_sink("out", callback_sink([&](const Total& total) { seen.push_back(text_of(total)); }));
  late.to_sink("late", callback_sink([&](const Deposit& deposit) {
                 seen.push_back(fmt::format("late {} {}", deposit.user, deposit.amount));
               }));
  testing::Harness harness(app);
  for (const Deposit& deposit : {Deposit{"ann", 1, 5}, {"ann", 12, 1}, {"ann", 2, 7}}) {
    input.push(deposit);
    harness.run();
  }
  EXPECT_EQ(seen, (Lines{"ann [0, 10) 5", "late ann 7"}));
}

TEST(Windows, WithoutAnExtractorTheTimeIsThatOfArrival) {
  Application app("ingest");
  testing::Input<std::string> input;
  std::vector<std::uint64_t> counts;
  app.source("words", input.source())
      .key_by("word", [](const std::string& word) -> const std::string& { return word; })
      .to("count", range_windows(10s).over(count()))
      .to_sink("out", callback_sink([&](const WindowResult<std::string, std::uint64_t>& result) {
                 counts.push_back(result.value);
               }));
  testing::Harness harness(app);
  input.push("a");
  input.push("a");
  harness.run();
  harness.advance(9s);
  EXPECT_TRUE(counts.empty());
  input.push("a");
  harness.run();
  harness.advance(2s);
  EXPECT_EQ(counts, (std::vector<std::uint64_t>{3}));
}

TEST(Windows, WithoutAKeyThereIsOneWindowForTheStage) {
  Application app("global");
  testing::Input<Deposit> input;
  std::vector<std::int64_t> totals;
  app.source("deposits", input.source())
      .event_time("time", time_of)
      .to("total", range_windows(10s).over(sum(&Deposit::amount)))
      .to_sink("out", callback_sink([&](const WindowValue<std::int64_t>& total) {
                 totals.push_back(total.value);
               }));
  testing::Harness harness(app);
  for (const Deposit& deposit : {Deposit{"ann", 1, 5}, {"bob", 2, 6}, {"ann", 12, 1}}) {
    input.push(deposit);
  }
  harness.run();
  EXPECT_EQ(totals, (std::vector<std::int64_t>{11}));
  harness.end();
  EXPECT_EQ(totals, (std::vector<std::int64_t>{11, 1}));
}

struct Reading {
  std::uint32_t sensor;
  std::int64_t at_ns;
};

// The same result on every number of executors, whatever the partitions do.
class WindowsOnExecutors : public ::testing::TestWithParam<int> {};

TEST_P(WindowsOnExecutors, EveryRecordIsCountedInItsWindowAndInNoOther) {
  constexpr std::uint64_t records = 300'000;
  constexpr std::int64_t step_ns = 1'000'000;
  std::map<std::pair<std::uint32_t, std::int64_t>, std::uint64_t> expected;
  const auto make = [](std::uint64_t index) {
    // Out of order by up to 100 steps.
    const std::int64_t jitter = static_cast<std::int64_t>((index * 7919) % 100);
    return Reading{static_cast<std::uint32_t>((index * 2654435761u) % 97),
                   (static_cast<std::int64_t>(index) - jitter) * step_ns};
  };
  for (std::uint64_t i = 0; i < records; ++i) {
    const Reading reading = make(i);
    const std::int64_t second = 1'000'000'000;
    const std::int64_t window = (reading.at_ns - ((reading.at_ns % second) + second) % second);
    ++expected[{reading.sensor, window}];
  }
  std::mutex mutex;
  std::map<std::pair<std::uint32_t, std::int64_t>, std::uint64_t> seen;
  Application app("readings");
  app.source("readings", generator_source({.count = records, .partitions = 2}, make))
      .event_time("time", &Reading::at_ns,
                  bounded_lateness(100 * std::chrono::nanoseconds(step_ns)))
      .key_by("sensor", &Reading::sensor)
      .to("count", range_windows(1s).over(count()))
      .to_sink("out", concurrent_callback_sink(
                          [&](const WindowResult<std::uint32_t, std::uint64_t>& result) {
                            const std::lock_guard lock(mutex);
                            seen[{result.key, result.window.start}] += result.value;
                          }));
  Engine engine(app, {.threads = GetParam()});
  engine.start();
  const Outcome outcome = engine.wait();
  EXPECT_TRUE(outcome.ok) << outcome.error;
  EXPECT_EQ(seen, expected);
}

INSTANTIATE_TEST_SUITE_P(Executors, WindowsOnExecutors, ::testing::Values(1, 2, 3));

}  // namespace
}  // namespace wallaroo
