// Windows without keys, whose records are aggregated batch by batch where they are: the results are
// those of a plain loop, and partials cross instead of records.
#include <atomic>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <wallaroo/testing.hpp>

#include "golden.rig.hpp"

namespace golden {
namespace {

using namespace std::chrono_literals;
using namespace wallaroo;

struct Reading {
  std::uint64_t index;
  std::int64_t at_ns;
};

struct Shape {
  std::uint64_t records;
  int partitions;
  std::int64_t disorder_ns;
  std::int64_t range_ns;
  std::int64_t slide_ns;
  std::int64_t delay_ns;

  Reading make(std::uint64_t index) const {
    const auto mixed = static_cast<std::int64_t>(index * 2654435761U % 1'000'003);
    return {index, static_cast<std::int64_t>(index) * 10 - mixed % (disorder_ns + 1)};
  }
  auto windows() const {
    return range_windows(std::chrono::nanoseconds(range_ns))
        .with_slide(std::chrono::nanoseconds(slide_ns))
        .with_delay(std::chrono::nanoseconds(delay_ns));
  }
};

/// The records of one partition, in order; an accumulator whose `combine` is not commutative.
struct Listing {
  static constexpr bool pre_aggregate = true;
  using Indices = std::vector<std::uint64_t>;

  Indices initial_accumulator() const { return {}; }
  void update(const Reading& reading, Indices& indices) const { indices.push_back(reading.index); }
  Indices combine(Indices a, const Indices& b) const {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }
  WindowValue<Indices> output(const Indices& indices, const Window& window) const {
    return {indices, window};
  }
};
struct ListingOneByOne : Listing {
  static constexpr bool pre_aggregate = false;
};

struct Digest {
  std::uint64_t count;
  std::uint64_t sum;
  std::uint64_t least;
  std::vector<Reading> greatest;
};

EventTimeOptions never_idle(std::int64_t lateness_ns) {
  EventTimeOptions times = bounded_lateness(std::chrono::nanoseconds(lateness_ns));
  times.idle_after = 0ns;
  return times;
}

/// The records of each window: by definition, in the order of their indices.
std::map<std::int64_t, std::vector<std::uint64_t>> windows_of(const Shape& shape) {
  std::map<std::int64_t, std::vector<std::uint64_t>> windows;
  for (std::uint64_t i = 0; i < shape.records; ++i) {
    const std::int64_t time_ns = shape.make(i).at_ns;
    std::int64_t start = time_ns - ((time_ns % shape.slide_ns) + shape.slide_ns) % shape.slide_ns;
    for (; time_ns < start + shape.range_ns; start -= shape.slide_ns) {
      windows[start].push_back(i);
    }
  }
  return windows;
}

template <class A>
auto results_of(const Shape& shape, A aggregation, int threads) {
  using Result = typename internal::AggregationTraits<A, Reading, internal::NoKey>::Output;
  Collected<Result> out;
  Application app("without keys");
  app.source("in", generator_source({.count = shape.records, .partitions = shape.partitions},
                                    [shape](std::uint64_t index) { return shape.make(index); }))
      .event_time("time", &Reading::at_ns, never_idle(shape.disorder_ns))
      .to("windows", shape.windows().over(aggregation))
      .to_sink("out", out.sink());
  run_well(app, threads);
  return out.records();
}

/// Of each part that windows share, records of one partition are in order; partitions are not.
void expect_lists(const Shape& shape, const std::vector<WindowValue<Listing::Indices>>& results) {
  const auto expected = windows_of(shape);
  RC_ASSERT(results.size() == expected.size());
  auto next = expected.begin();
  for (const auto& [indices, window] : results) {
    RC_ASSERT(window.start == next->first);
    RC_ASSERT(sorted(indices) == next->second);
    ++next;
  }
}

void expect_digests(const Shape& shape, const std::vector<WindowValue<Digest>>& results) {
  const auto expected = windows_of(shape);
  RC_ASSERT(results.size() == expected.size());
  auto next = expected.begin();
  for (const auto& [digest, window] : results) {
    const auto& indices = next->second;
    std::uint64_t sum = 0;
    for (const std::uint64_t index : indices) {
      sum += index;
    }
    RC_ASSERT(window.start == next->first);
    RC_ASSERT(digest.count == indices.size());
    RC_ASSERT(digest.sum == sum);
    RC_ASSERT(digest.least == indices.front());
    RC_ASSERT(digest.greatest.front().index == indices.back());
    ++next;
  }
}

RC_GTEST_PROP(WindowsWithoutKeys, HoldWhatALoopPutsInThemOnAnyNumberOfThreads, ()) {
  Shape shape{};
  shape.records = *rc::gen::inRange<std::uint64_t>(1, 4'000);
  shape.partitions = *rc::gen::inRange(1, 6);
  shape.disorder_ns = *rc::gen::inRange(0, 3'000);
  shape.range_ns = *rc::gen::inRange(100, 5'000);
  shape.slide_ns = *rc::gen::arbitrary<bool>()
                       ? shape.range_ns
                       : *rc::gen::inRange<std::int64_t>(shape.range_ns / 4, shape.range_ns + 1);
  shape.delay_ns = *rc::gen::element<std::int64_t>(0, 0, 700);
  const auto digest = combined<Digest>(count(), sum(&Reading::index), min(&Reading::index),
                                       top_k(2, &Reading::index));
  for (const int threads : {1, 2, 4}) {
    expect_digests(shape, results_of(shape, digest, threads));
    expect_lists(shape, results_of(shape, Listing(), threads));
    RC_ASSERT(!::testing::Test::HasFailure());
  }
}

TEST(WindowsWithoutKeys, OfOnePartitionHaveItsOrder) {
  Shape shape{20'000, 1, 900, 4'000, 1'000, 0};
  for (const int threads : {1, 2, 3}) {
    const auto batched = results_of(shape, Listing(), threads);
    const auto alone = results_of(shape, ListingOneByOne(), threads);
    ASSERT_EQ(batched.size(), alone.size());
    for (std::size_t i = 0; i < batched.size(); ++i) {
      EXPECT_EQ(batched[i].window, alone[i].window);
      EXPECT_EQ(batched[i].value, alone[i].value) << "on " << threads << " threads";
    }
  }
}

/// The sum of a metric's samples whose labels contain `label`.
double metric(const std::string& page, const std::string& name, const std::string& label) {
  std::istringstream lines(page);
  double sum = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + "{") && line.find(label) != std::string::npos) {
      sum += std::stod(line.substr(line.rfind(' ')));
    }
  }
  return sum;
}

constexpr std::uint64_t many = 100'000;

template <class A>
std::string metrics_of(A aggregation, int executors) {
  Application app("edges");
  app.source("in", generator_source({.count = many, .partitions = 2},
                                    [](std::uint64_t i) {
                                      return Reading{i, static_cast<std::int64_t>(i)};
                                    }))
      .event_time("time", &Reading::at_ns, never_idle(0))
      .to("windows", range_windows(10'000ns).over(aggregation))
      .to_sink("out", callback_sink([](const auto&) {}));
  wallaroo::testing::Harness harness(app, {.executors = executors});
  harness.run();
  return harness.metrics_text();
}

TEST(WindowsWithoutKeys, GetPartialsInsteadOfRecords) {
  for (const int executors : {1, 2, 3}) {
    const std::string page = metrics_of(count(), executors);
    const double crossed = metric(page, "wallaroo_edge_records_total", "to=\"windows\"");
    EXPECT_GT(crossed, 0);
    EXPECT_LT(crossed, many / 100.0) << page;
    EXPECT_EQ(metric(page, "wallaroo_stage_records_in_total", "stage=\"windows\""), many);
  }
}

TEST(WindowsWithoutKeys, GetEveryRecordWhenTheirAggregationSaysSo) {
  const std::string page = metrics_of(ListingOneByOne(), 2);
  EXPECT_EQ(metric(page, "wallaroo_edge_records_total", "to=\"windows\""), many);
  EXPECT_EQ(metric(page, "wallaroo_stage_records_in_total", "stage=\"windows\""), many);
}

struct Refusing : Listing {
  std::atomic<int>* calls = nullptr;
  void update(const Reading& reading, Indices& indices) const {
    ++*calls;
    if (reading.index % 10 == 3) {
      throw std::runtime_error(fmt::format("no {}", reading.index));
    }
    Listing::update(reading, indices);
  }
};
struct RefusingOneByOne : Refusing {
  static constexpr bool pre_aggregate = false;
};

struct Failures {
  std::vector<std::uint64_t> counted;
  std::vector<std::string> letters;
  int calls;
  double errors;
};
template <class A>
Failures failures_of(int executors) {
  std::atomic<int> calls = 0;
  Failures seen{};
  Application app("failures");
  A aggregation;
  aggregation.calls = &calls;
  app.source("in", generator_source({.count = 1'000, .partitions = 2},
                                    [](std::uint64_t i) {
                                      return Reading{i, static_cast<std::int64_t>(i)};
                                    }))
      .event_time("time", &Reading::at_ns, never_idle(0))
      .to("windows", range_windows(100ns).over(aggregation), {.on_error = OnError::dead_letter})
      .to_sink("out", callback_sink([&](const WindowValue<Listing::Indices>& result) {
                 seen.counted.insert(seen.counted.end(), result.value.begin(), result.value.end());
               }));
  app.dead_letters("dead").to_sink(
      "bin", callback_sink([&](const DeadLetter& letter) {
        seen.letters.push_back(letter.stage + letter.error + letter.record + letter.origin);
      }));
  wallaroo::testing::Harness harness(app, {.executors = executors});
  harness.run();
  harness.end();
  seen.errors = metric(harness.metrics_text(), "wallaroo_stage_errors_total", "stage=\"windows\"");
  seen.calls = calls;
  return seen;
}

TEST(WindowsWithoutKeys, RefuseTheSameRecordsInTheSameWordsAndCallUpdateOnce) {
  for (const int executors : {1, 2}) {
    const Failures batched = failures_of<Refusing>(executors);
    const Failures alone = failures_of<RefusingOneByOne>(executors);
    EXPECT_EQ(sorted(batched.counted), sorted(alone.counted));
    EXPECT_EQ(sorted(batched.letters), sorted(alone.letters));
    EXPECT_EQ(batched.letters.size(), 100U);
    EXPECT_EQ(batched.calls, 1'000);
    EXPECT_EQ(batched.errors, 100);
  }
}

TEST(WindowsWithoutKeys, StopTheApplicationWithTheFirstRecordThatFails) {
  std::atomic<int> calls = 0;
  Refusing aggregation;
  aggregation.calls = &calls;
  Application app("stop");
  app.source("in", generator_source({.count = 100},
                                    [](std::uint64_t i) {
                                      return Reading{i, static_cast<std::int64_t>(i)};
                                    }))
      .event_time("time", &Reading::at_ns)
      .to("windows", range_windows(100ns).over(aggregation))
      .to_sink("out", callback_sink([](const auto&) {}));
  const Outcome outcome = run(app, 2);
  EXPECT_FALSE(outcome.ok);
  EXPECT_NE(outcome.error.find("stage 'windows' failed on record"), std::string::npos)
      << outcome.error;
  EXPECT_NE(outcome.error.find("no 3"), std::string::npos) << outcome.error;
}

// Without event time a record's time is that at which its source read it.
TEST(WindowsWithoutKeys, OfTheTimeOfArrivalCountEveryRecordOnce) {
  for (const int threads : {1, 2, 4}) {
    std::uint64_t counted = 0;
    Application app("arrival");
    app.source("in", generator_source({.count = many, .partitions = 3}, std::identity{}))
        .to("windows", range_windows(1ms).over(count()))
        .to_sink("out", callback_sink([&](const WindowValue<std::uint64_t>& result) {
                   counted += result.value;
                 }));
    run_well(app, threads);
    EXPECT_EQ(counted, many);
  }
}

// Views of the batch's memory cross with records that are late, but not with partials.
TEST(WindowsWithoutKeys, OfViewsKeepWhatTheyNeed) {
  using Word = std::pair<std::int64_t, std::string_view>;
  std::vector<std::string> longest;
  Application app("views");
  app.source("in", tcp_source({.listen = "127.0.0.1:0"},
                              [](std::string_view line) -> Decoded<Word> {
                                return Word(line.front() - '0', line.substr(1));
                              }))
      .event_time("time", &Word::first)
      .to("windows", range_windows(5ns).over(max(&Word::second)))
      .to_sink("out", callback_sink([&](const WindowValue<std::string>& result) {
                 longest.push_back(result.value);
               }));
  wallaroo::testing::Harness harness(app);
  for (const char* const line :
       {"1pear", "2zebra, which is a long word", "3apple", "6x", "1late"}) {
    harness.send("in", line);
  }
  harness.end();
  EXPECT_EQ(longest, (std::vector<std::string>{"zebra, which is a long word", "x"}));
}

}  // namespace
}  // namespace golden
