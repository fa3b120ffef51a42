// Aggregations, timers and functions of joins that throw, under each error policy.
#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "time.rig.hpp"

namespace golden::times {
namespace {

using namespace wallaroo;

// A function of a window's aggregation, or of a timer or join, that throws.

enum class Where { initial, update, combine, output };

struct Faulty {
  Where where;
  struct Sum {
    std::int64_t value = 0;
  };
  Sum initial_accumulator() const { return {}; }
  void update(const Tick& tick, Sum& sum) const {
    fail(Where::update, tick.value);
    sum.value += tick.value;
  }
  Sum combine(const Sum& a, const Sum& b) const {
    fail(Where::combine, a.value + b.value);
    return {a.value + b.value};
  }
  std::string output(const int& key, const Sum& sum, const Window& window) const {
    fail(Where::output, sum.value);
    return fmt::format("{} {} {}", key, window.end / 1'000'000'000, sum.value);
  }
  void fail(Where here, std::int64_t value) const {
    if (here == where && value < 0) {
      throw std::runtime_error("a negative value");
    }
  }
};

template <class Windows>
auto faulty(Windows windows, Where where, OnError policy) {
  return [=](Rig& r, auto ticks) {
    ticks.event_time("time", time_of)
        .key_by("key", &Tick::key)
        .to("sum", windows.over(Faulty{where}), {.on_error = policy})
        .to_sink("out", r.sink());
  };
}

std::string stopped(Rig& rig, std::initializer_list<Tick> ticks) {
  try {
    rig.give(ticks);
  } catch (const StageError& error) {
    return error.what();
  }
  return {};
}

TEST(FailingAggregations, AnUpdateThatThrowsLosesItsRecordOnly) {
  Rig rig(faulty(range_windows(10s), Where::update, OnError::skip));
  EXPECT_EQ(rig.give({{1, 1, 5}, {1, 2, -7}, {1, 3, 6}, {2, 4, -1}, {1, 10}}), Lines{"1 10 11"});
  EXPECT_TRUE(rig.counts("wallaroo_stage_errors_total", "sum", 2));
  EXPECT_EQ(rig.end(), Lines{"1 20 1"});
}

TEST(FailingAggregations, AnUpdateThatThrowsStopsWhereThePolicySaysSo) {
  Rig rig(faulty(range_windows(10s), Where::update, OnError::stop));
  const std::string error = stopped(rig, {{1, 1, -5}});
  EXPECT_NE(error.find("stage 'sum' failed on record"), std::string::npos) << error;
}

TEST(FailingAggregations, AnOutputThatThrowsLosesItsWindowOnly) {
  Rig rig(faulty(range_windows(10s), Where::output, OnError::skip));
  EXPECT_EQ(rig.give({{1, 1, -5}, {2, 2, 7}, {1, 10, 3}}), Lines{"2 10 7"});
  EXPECT_TRUE(rig.counts("wallaroo_stage_errors_total", "sum", 1));
  EXPECT_EQ(rig.end(), Lines{"1 20 3"});
}

TEST(FailingAggregations, AnOutputThatThrowsStopsWhereThePolicySaysSo) {
  Rig rig(faulty(range_windows(10s), Where::output, OnError::stop));
  const std::string error = stopped(rig, {{1, 1, -5}, {2, 2, 7}, {1, 10, 3}});
  EXPECT_NE(error.find("the windows of key 1"), std::string::npos) << error;
}

TEST(FailingAggregations, AnOutputThatThrowsCanBeADeadLetter) {
  Lines dead;
  Rig rig([&](Rig& r, auto ticks) {
    faulty(range_windows(10s), Where::output, OnError::dead_letter)(r, ticks);
    r.app.dead_letters("dead").to_sink("graves", callback_sink([&](const DeadLetter& letter) {
                                         dead.push_back(letter.stage + ": " + letter.record);
                                       }));
  });
  EXPECT_EQ(rig.give({{1, 1, -5}, {2, 2, 7}, {1, 10, 3}}), Lines{"2 10 7"});
  EXPECT_EQ(dead, Lines{"sum: the windows of key 1"});
}

// A combination that throws, while windows fire or because a record came, has no record to blame,
// and the accumulators that it was made of are lost.
TEST(FailingAggregations, ACombineThatThrowsStopsWhateverThePolicy) {
  Rig sliding(faulty(range_windows(10s).with_slide(5s), Where::combine, OnError::skip));
  std::string error = stopped(sliding, {{1, 1, -5}, {1, 6, -7}, {2, 30, 3}});
  EXPECT_NE(error.find("stage 'sum': its aggregation failed to combine windows"), std::string::npos)
      << error;

  Rig by_record(faulty(range_windows(10s).with_slide(5s), Where::combine, OnError::skip));
  error = stopped(by_record, {{1, 1, -5}, {1, 6, -7}, {2, 30, 3}, {1, 30, 3}});
  EXPECT_NE(error, "");

  Rig sessions(faulty(session_windows(10s), Where::combine, OnError::skip));
  error = stopped(sessions, {{1, 1, -5}, {1, 18, -7}, {1, 9, 1}});
  EXPECT_NE(error, "") << "a session was put together by half";
}

struct FaultyTimers {
  bool in_timer;
  std::string operator()(const Tick& tick, std::int64_t& value, Timers& timers) {
    value = tick.value;
    timers.at(time_of(tick) + 5s);
    fail(!in_timer, value);
    return fmt::format("got {}", value);
  }
  std::string on_timer(const int& key, std::int64_t& value, const Timer&) {
    fail(in_timer, value);
    return fmt::format("{} fires", key);
  }
  static void fail(bool here, std::int64_t value) {
    if (here && value < 0) {
      throw std::runtime_error("a negative value");
    }
  }
};

auto faulty_timers(bool in_timer, OnError policy) {
  return [=](Rig& r, auto ticks) {
    ticks.event_time("time", time_of)
        .key_by("key", &Tick::key)
        .to("timers", FaultyTimers{in_timer}, {.on_error = policy})
        .to_sink("out", r.sink());
  };
}

TEST(FailingTimers, WhatARecordAskedForIsDroppedWithIt) {
  Rig rig(faulty_timers(false, OnError::skip));
  EXPECT_EQ(rig.give({{1, 1, -1}, {2, 2, 1}}), Lines{"got 1"});
  EXPECT_EQ(rig.end(), Lines{"2 fires"});
}

TEST(FailingTimers, OneThatThrowsIsOver) {
  Rig rig(faulty_timers(true, OnError::skip));
  EXPECT_EQ(rig.give({{1, 1, -1}, {2, 2, 1}}), (Lines{"got -1", "got 1"}));
  EXPECT_EQ(rig.end(), Lines{"2 fires"});
  EXPECT_TRUE(rig.counts("wallaroo_stage_errors_total", "timers", 1));
}

TEST(FailingTimers, StopWhereThePolicySaysSoAndNameTheKey) {
  Rig rig(faulty_timers(true, OnError::stop));
  const std::string error = stopped(rig, {{7, 1, -1}, {2, 20, 1}});
  EXPECT_NE(error.find("stage 'timers' failed on record a timer of key 7"), std::string::npos)
      << error;
}

auto faulty_join(OnError policy) {
  return [=](Rig& r, auto ticks) {
    auto keyed = ticks.event_time("time", time_of).key_by("key", &Tick::key);
    keyed.join(keyed)
        .within(1s, 5s)
        .to("pairs",
            [](const Tick& a, const Tick& b) {
              if (a.value + b.value < 0) {
                throw std::runtime_error("a negative value");
              }
              return fmt::format("{} {}", a.value, b.value);
            },
            {.on_error = policy})
        .to_sink("out", r.sink());
  };
}

TEST(FailingJoins, AFunctionThatThrowsLosesItsPairOnlyAndAStreamMayBeJoinedWithItself) {
  Rig rig(faulty_join(OnError::skip));
  Lines pairs = rig.give({{1, 1, 5}, {1, 2, -7}, {1, 3, 9}});
  std::sort(pairs.begin(), pairs.end());
  EXPECT_EQ(pairs, (Lines{"-7 9", "5 9"}));
  EXPECT_TRUE(rig.counts("wallaroo_stage_errors_total", "pairs", 1));
}

TEST(FailingJoins, StopWhereThePolicySaysSoAndNameBothRecords) {
  Rig rig(faulty_join(OnError::stop));
  const std::string error = stopped(rig, {{1, 1, 5}, {1, 2, -7}});
  EXPECT_NE(error.find("stage 'pairs' failed on record"), std::string::npos) << error;
  EXPECT_NE(error.find(" with "), std::string::npos) << error;
}

}  // namespace
}  // namespace golden::times
