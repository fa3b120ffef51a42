// Time on several executors: the output is that of a plain loop over all records.
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "golden.rig.hpp"

namespace golden {
namespace {

using namespace std::chrono_literals;
using namespace wallaroo;

struct Reading {
  std::uint32_t key;
  std::int64_t at_ns;
};

template <class Key>
class Sums {
 public:
  template <class Result>
  auto sink() {
    return concurrent_callback_sink([this](const Result& result) {
      const std::lock_guard lock(mutex_);
      sums_[{result.key, result.window.start}] += static_cast<std::int64_t>(result.value);
    });
  }
  const auto& sums() const { return sums_; }

 private:
  std::mutex mutex_;
  std::map<std::pair<Key, std::int64_t>, std::int64_t> sums_;
};

// No partition is ever idle, so that a thread that gets no processor time loses nothing.
EventTimeOptions never_idle(std::chrono::nanoseconds lateness) {
  EventTimeOptions times = bounded_lateness(lateness);
  times.idle_after = 0ns;
  return times;
}

std::int64_t start_of(std::int64_t time_ns, std::int64_t range_ns) {
  return time_ns - ((time_ns % range_ns) + range_ns) % range_ns;
}

using First = WindowResult<std::uint32_t, std::uint64_t>;

struct Shape {
  std::uint64_t records;
  int partitions;
  std::int64_t disorder_ns;
  std::int64_t first_range_ns;
  std::int64_t factor;
  std::uint32_t keys;

  Reading make(std::uint64_t index) const {
    const auto mixed = static_cast<std::int64_t>(index * 2654435761U % 1'000'003);
    const std::int64_t jitter = disorder_ns == 0 ? 0 : mixed % (disorder_ns + 1);
    return {static_cast<std::uint32_t>(mixed) % keys,
            static_cast<std::int64_t>(index) * 10 - jitter};
  }
};

void expect_windows_of_windows(const Shape& shape, int threads) {
  const std::int64_t second_range_ns = shape.first_range_ns * shape.factor;
  std::map<std::pair<std::uint32_t, std::int64_t>, std::int64_t> expected;
  for (std::uint64_t i = 0; i < shape.records; ++i) {
    const Reading reading = shape.make(i);
    ++expected[{reading.key % 3, start_of(reading.at_ns, second_range_ns)}];
  }
  Sums<std::uint32_t> seen;
  Application app("windows of windows");
  app.source("in", generator_source({.count = shape.records, .partitions = shape.partitions},
                                    [shape](std::uint64_t index) { return shape.make(index); }))
      .event_time("time", &Reading::at_ns, never_idle(std::chrono::nanoseconds(shape.disorder_ns)))
      .key_by("key", &Reading::key)
      .to("first", range_windows(std::chrono::nanoseconds(shape.first_range_ns))
                       .with_delay(7ns)
                       .over(count()))
      .to("same key", range_windows(std::chrono::nanoseconds(shape.first_range_ns))
                          .over(sum([](const First& first) { return first.value; })))
      .key_by("other key", [](const First& first) { return first.key % 3; })
      .to("second",
          range_windows(std::chrono::nanoseconds(second_range_ns)).over(sum([](const First& first) {
            return first.value;
          })))
      .to_sink("out", seen.sink<First>());
  run_well(app, threads);
  EXPECT_EQ(seen.sums(), expected);
}

class TimeOnExecutors : public testing::TestWithParam<int> {};

RC_GTEST_PROP(WindowsOfWindows, CountEveryRecordOnceWhateverThePartitionsDo, ()) {
  Shape shape{};
  shape.records = *rc::gen::inRange<std::uint64_t>(1, 5'000);
  shape.partitions = *rc::gen::inRange(1, 6);
  shape.disorder_ns = *rc::gen::inRange(0, 3'000);
  shape.first_range_ns = *rc::gen::inRange(1, 2'000);
  shape.factor = *rc::gen::inRange(1, 8);
  shape.keys = *rc::gen::inRange<std::uint32_t>(1, 50);
  for (const int threads : {1, 2, 4}) {
    expect_windows_of_windows(shape, threads);
    RC_ASSERT(!testing::Test::HasFailure());
  }
}

// The records of each executor are in order; those of several executors are not.
template <class Restamp>
void expect_nothing_late(int threads, Restamp restamp) {
  constexpr std::uint64_t records = 200'000;
  std::map<std::pair<std::uint32_t, std::int64_t>, std::int64_t> expected;
  const auto make = [](std::uint64_t index) {
    return Reading{static_cast<std::uint32_t>(index % 7), static_cast<std::int64_t>(index)};
  };
  for (std::uint64_t i = 0; i < records; ++i) {
    ++expected[{static_cast<std::uint32_t>(i % 7), start_of(static_cast<std::int64_t>(i), 1000)}];
  }
  Sums<std::uint32_t> seen;
  Application app("stamped late");
  restamp(app.source("in", generator_source({.count = records, .partitions = threads}, make)))
      .key_by("key", &Reading::key)
      .to("count", range_windows(1000ns).over(count()))
      .to_sink("out", seen.sink<First>());
  run_well(app, threads);
  EXPECT_EQ(seen.sums(), expected);
}

TEST_P(TimeOnExecutors, BehindCollectEveryExecutorIsAPartition) {
  expect_nothing_late(GetParam(), [](auto in) {
    return in.collect().event_time("time", &Reading::at_ns, never_idle(0ns));
  });
}

TEST_P(TimeOnExecutors, BehindAKeyEveryExecutorIsAPartition) {
  expect_nothing_late(GetParam(), [](auto in) {
    return in.key_by("first key", &Reading::key)
        .event_time("time", &Reading::at_ns, never_idle(0ns));
  });
}

TEST_P(TimeOnExecutors, BehindAMergeEveryStreamIsAPartition) {
  expect_nothing_late(GetParam(), [](auto in) {
    return in
        .to("even",
            [](const Reading& reading) {
              return reading.at_ns % 2 == 0 ? std::optional(reading) : std::nullopt;
            })
        .merge(in.to("odd",
                     [](const Reading& reading) {
                       return reading.at_ns % 2 != 0 ? std::optional(reading) : std::nullopt;
                     }))
        .event_time("time", &Reading::at_ns, never_idle(0ns));
  });
}

TEST_P(TimeOnExecutors, TheSlowerOfTwoStreamsIsWaitedFor) {
  Sums<std::uint32_t> seen;
  Application app("two speeds");
  const auto stream = [&](const std::string& name, std::uint64_t count, double rate) {
    return app
        .source(name, generator_source({.rate_per_second = rate, .count = count, .partitions = 2},
                                       [count](std::uint64_t i) {
                                         return Reading{
                                             static_cast<std::uint32_t>(i % 5),
                                             static_cast<std::int64_t>(i * 1'000'000 / count)};
                                       }))
        .event_time(name + " time", &Reading::at_ns, never_idle(0ns));
  };
  stream("fast", 100'000, 0)
      .merge(stream("slow", 100, 1000))
      .key_by("key", &Reading::key)
      .to("count", range_windows(1'000'000ns).over(count()))
      .to_sink("out", seen.sink<First>());
  run_well(app, GetParam());
  std::int64_t total = 0;
  for (const auto& [place, value] : seen.sums()) {
    total += value;
  }
  EXPECT_EQ(total, 100'100);
}

struct Echo {
  std::optional<std::int64_t> operator()(const Reading& reading, std::int64_t& seen,
                                         Timers& timers) {
    ++seen;
    timers.at(EventTime(std::chrono::nanoseconds(reading.at_ns + 500)),
              static_cast<std::uint64_t>(reading.at_ns));
    return std::nullopt;
  }
  std::int64_t on_timer(const std::uint32_t&, std::int64_t&, const Timer& timer) {
    return timer.due.time_since_epoch().count() - 500;
  }
};

TEST_P(TimeOnExecutors, EveryTimerFiresOnce) {
  constexpr std::int64_t records = 50'000;
  std::mutex mutex;
  std::map<std::int64_t, int> fired;
  Application app("timers");
  app.source("in",
             generator_source(
                 {.count = records, .partitions = 3},
                 [](std::uint64_t i) {
                   return Reading{static_cast<std::uint32_t>(i % 97), static_cast<std::int64_t>(i)};
                 }))
      .event_time("time", &Reading::at_ns, never_idle(0ns))
      .key_by("key", &Reading::key)
      .to("echo", Echo{})
      .to_sink("out", concurrent_callback_sink([&](std::int64_t at) {
                 const std::lock_guard lock(mutex);
                 ++fired[at];
               }));
  run_well(app, GetParam());
  EXPECT_EQ(fired.size(), static_cast<std::size_t>(records));
  for (const auto& [at, times] : fired) {
    ASSERT_EQ(times, 1) << at;
  }
}

TEST_P(TimeOnExecutors, AllThatFiresAtTheEndPassesThroughASlowSink) {
  constexpr std::uint64_t records = 100'000;
  std::uint64_t received = 0;
  Application app("a burst at the end");
  app.source("in", generator_source({.count = records, .partitions = 2},
                                    [](std::uint64_t i) {
                                      return Reading{static_cast<std::uint32_t>(i), 5};
                                    }))
      .event_time("time", &Reading::at_ns, never_idle(0ns))
      .key_by("key", &Reading::key)
      .to("count", range_windows(1s).over(count()))
      .to_sink("out", callback_sink([&](const First&) {
                 if (++received % 1000 == 0) {
                   std::this_thread::sleep_for(1ms);
                 }
               }));
  run_well(app, GetParam());
  EXPECT_EQ(received, records);
}

// Every record is the only one of its window. If windows fired more slowly than records come, they
// would pile up.
TEST_P(TimeOnExecutors, WindowsFireAsFastAsRecordsMakeThemDue) {
  constexpr std::uint64_t records = 1'000'000;
  const std::int64_t executors = GetParam();
  const std::int64_t bound = (executors * executors + executors) * 48 * 1024 + 150'000;
  std::atomic<std::int64_t> made{0};
  std::atomic<std::int64_t> received{0};
  std::atomic<std::int64_t> most{0};
  Application app("one record each");
  app.source("in",
             generator_source(
                 {.count = records, .partitions = GetParam()},
                 [&](std::uint64_t i) {
                   ++made;
                   return Reading{static_cast<std::uint32_t>(i), static_cast<std::int64_t>(i)};
                 }))
      .event_time("time", &Reading::at_ns, never_idle(0ns))
      .key_by("key", &Reading::key)
      .to("count", range_windows(1ns).over(count()))
      .to_sink("out", concurrent_callback_sink([&](const First&) {
                 const std::int64_t open = made - ++received;
                 if (open > most) {
                   most = open;
                 }
               }));
  run_well(app, GetParam());
  EXPECT_EQ(received, static_cast<std::int64_t>(records));
  EXPECT_LT(most, bound);
}

// A left join and its stream of late records: no record of the left stream is lost, none comes
// twice.
TEST_P(TimeOnExecutors, AJoinWithLateRecordsGivesEveryRecordBack) {
  constexpr std::uint64_t records = 30'000;
  const auto make = [](std::uint64_t i) {
    const std::int64_t behind = i % 11 == 0 ? 5'000 : 0;
    return Reading{static_cast<std::uint32_t>(i), static_cast<std::int64_t>(i) - behind};
  };
  std::mutex mutex;
  std::map<std::uint32_t, int> seen;
  Application app("late");
  const auto side = [&](const std::string& name) {
    return app.source(name, generator_source({.count = records, .partitions = 2}, make))
        .event_time(name + " time", &Reading::at_ns, never_idle(0ns))
        .key_by(name + " key", &Reading::key);
  };
  const auto count_one = [&](std::uint32_t key) {
    const std::lock_guard lock(mutex);
    ++seen[key];
  };
  auto [pairs, late] =
      side("left")
          .join(side("right"))
          .within(0ns, 0ns)
          .left()
          .to_with_late("pairs", [](const Reading& left, const Reading*) { return left.key; });
  pairs.to_sink("out", concurrent_callback_sink(count_one));
  late.to_sink("late", concurrent_callback_sink([&](const std::variant<Reading, Reading>& record) {
                 if (record.index() == 0) {
                   count_one(std::get<0>(record).key);
                 }
               }));
  run_well(app, GetParam());
  EXPECT_EQ(seen.size(), records);
  for (const auto& [key, times] : seen) {
    ASSERT_EQ(times, 1) << key;
  }
}

INSTANTIATE_TEST_SUITE_P(Executors, TimeOnExecutors, testing::Values(1, 2, 4));

}  // namespace
}  // namespace golden
