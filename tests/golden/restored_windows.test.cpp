// Windows that go on from a checkpoint give what they would have given without one.
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "restore.rig.hpp"

namespace golden::restores {
namespace {

using wallaroo::LateData;
using wallaroo::Window;

struct Listed {
  int key;
  std::vector<std::int64_t> values;
  Window window;
};

/// An aggregation that is not commutative, so that the order shows.
struct List {
  using Values = std::vector<std::int64_t>;
  Values initial_accumulator() const { return {}; }
  void update(const Tick& tick, Values& values) const { values.push_back(tick.value); }
  Values combine(const Values& a, const Values& b) const {
    Values both = a;
    both.insert(both.end(), b.begin(), b.end());
    return both;
  }
  Listed output(const int& key, const Values& values, const Window& window) const {
    return {key, values, window};
  }
  Listed output(const Values& values, const Window& window) const { return {0, values, window}; }
};

std::pair<int, std::string> text_of(const Listed& listed) {
  return {listed.key,
          fmt::format("[{}, {}) {}: {}", listed.window.start, listed.window.end,
                      static_cast<int>(listed.window.firing), fmt::join(listed.values, " "))};
}
std::pair<int, std::string> text_of_late(const Tick& tick) {
  return {tick.key, fmt::format("{} at {}", tick.value, tick.at_ms)};
}

template <class Windows>
Pipeline::Build windows(Windows definition, wallaroo::EventTimeOptions times = {.idle_after = 0s}) {
  return [=](Pipeline& pipeline) {
    pipeline.keyed(0, times)
        .to("windows", definition.over(List{}))
        .to_sink("out", pipeline.sink<Listed>("results", text_of));
  };
}
template <class Windows>
Pipeline::Build windows_with_late(Windows definition) {
  return [=](Pipeline& pipeline) {
    auto [results, late] = pipeline.keyed(0).to_with_late("windows", definition.over(List{}));
    results.to_sink("out", pipeline.sink<Listed>("results", text_of));
    late.to_sink("late", pipeline.sink<Tick>("late", text_of_late));
  };
}

const std::vector<LateData> policies = {LateData::drop, LateData::fire_per_message,
                                        LateData::place_in_oldest_window};

TEST(RestoredWindows, TumblingOfEveryPolicyForLateRecords) {
  for (const LateData policy : policies) {
    expect_same_when_restored(windows(wallaroo::range_windows(2s).with_late_data_policy(policy)),
                              {});
  }
}

TEST(RestoredWindows, SlidingAndSpreadOfEveryPolicyForLateRecords) {
  for (const LateData policy : policies) {
    const auto sliding = wallaroo::range_windows(6s).with_slide(2s).with_late_data_policy(policy);
    expect_same_when_restored(windows(sliding), {}, 3);
    expect_same_when_restored(windows(sliding.spread_by_key()), {}, 3);
    expect_same_when_restored(windows(wallaroo::range_windows(6s).with_slide(4s).with_delay(1s)),
                              {}, 3);
  }
}

// Excerpts of the records cross to these windows.
TEST(RestoredWindows, OfSumsOfEveryPolicyForLateRecords) {
  using Sum = wallaroo::WindowResult<int, std::int64_t>;
  const auto sums = [](wallaroo::RangeWindows definition) -> Pipeline::Build {
    return [=](Pipeline& pipeline) {
      pipeline.keyed(0)
          .to("sums", definition.over(wallaroo::sum(&Tick::value)))
          .to_sink("out", pipeline.sink<Sum>("results", [](const Sum& sum) {
            return std::pair(
                sum.key, fmt::format("[{}, {}) {}", sum.window.start, sum.window.end, sum.value));
          }));
    };
  };
  for (const LateData policy : policies) {
    const auto tumbling = wallaroo::range_windows(2s).with_late_data_policy(policy);
    expect_same_when_restored(sums(tumbling), {}, 3);
    expect_same_when_restored(sums(tumbling.spread_by_key().with_delay(300ms)), {}, 3);
    expect_same_when_restored(
        sums(wallaroo::range_windows(6s).with_slide(4s).with_late_data_policy(policy)), {}, 3);
  }
}

TEST(RestoredWindows, LateRecordsAsAStream) {
  expect_same_when_restored(windows_with_late(wallaroo::range_windows(2s)), {});
  expect_same_when_restored(windows_with_late(wallaroo::range_windows(6s).with_slide(1s)), {});
}

TEST(RestoredWindows, DelayedAndOfUnorderedInput) {
  wallaroo::EventTimeOptions times = wallaroo::bounded_lateness(1500ms);
  times.idle_after = 0s;
  expect_same_when_restored(windows(wallaroo::range_windows(2s).with_delay(700ms), times), {});
  expect_same_when_restored(windows(wallaroo::session_windows(1s).with_delay(700ms), times), {});
}

TEST(RestoredWindows, SessionsOfEveryPolicyForLateRecords) {
  for (const LateData policy : policies) {
    expect_same_when_restored(windows(wallaroo::session_windows(2s).with_late_data_policy(policy)),
                              {});
  }
}

// A count window's time-out counts from the record on, also while the engine is not running.
TEST(RestoredWindows, OfCountsAndTheirTimeouts) {
  for (const auto timeout : {500ms, 3000ms}) {
    expect_same_when_restored(windows(wallaroo::count_windows(4).with_timeout(timeout)), {});
    expect_same_when_restored(
        windows(wallaroo::count_windows(6).with_slide(2).with_timeout(timeout)), {});
    expect_same_when_restored(
        windows(wallaroo::count_windows(6).with_slide(4).with_timeout(timeout)), {});
  }
  expect_same_when_restored(windows(wallaroo::count_windows(7).with_slide(3)), {});
}

// Each executor counts the interval of early output from its own first record.
TEST(RestoredWindows, EarlyOutputComesWhenItWouldHave) {
  ScriptOptions one_executor;
  one_executor.other_executors = false;
  expect_same_when_restored(windows(wallaroo::range_windows(5s).with_early_output(1s)),
                            one_executor);
  expect_same_when_restored(
      windows(wallaroo::range_windows(8s).with_slide(2s).with_early_output(700ms)), one_executor);
  expect_same_when_restored(windows(wallaroo::session_windows(2s).with_early_output(1s)),
                            one_executor);
}

// A restart is not input, but the engine cannot know what it would have got in the meantime, so
// nothing is idle at once. After that idleness is counted as usual.
TEST(RestoredWindows, TimeoutsAreCountedFromTheRestart) {
  ScriptOptions options;
  options.other_executors = false;  // executors without input are not idle at once either
  options.counts_idle = true;
  wallaroo::EventTimeOptions times;
  times.idle_after = 2s;
  expect_same_when_restored(windows(wallaroo::range_windows(2s).with_timeout(3s), times), options);
  expect_same_when_restored(windows(wallaroo::range_windows(6s).with_slide(2s), times), options);
  expect_same_when_restored(windows(wallaroo::session_windows(2s).with_timeout(1s), times),
                            options);
}

// A time-out closes windows on one executor. A restart brings its keys to others, whose windows are
// still open.
TEST(RestoredWindows, WhatATimeoutClosedIsNotOpenedAgainOnOtherExecutors) {
  using wallaroo::testing::Harness;
  std::int64_t late_ms = 500;
  const auto outputs = [&](const auto& definition, std::optional<int> executors) {
    wallaroo::EventTimeOptions times;
    times.idle_after = 1s;
    Pipeline pipeline(windows(definition, times));
    wallaroo::testing::HarnessOptions options;
    options.executors = 2;
    auto harness = std::make_unique<Harness>(pipeline.app, options);
    pipeline.inputs[0].push({0, 0, 1});
    harness->run();
    harness->advance(2s);  // idle
    harness->advance(5s);
    EXPECT_EQ(pipeline.outputs.size(), 1U) << "the time-out closed nothing";
    if (executors) {
      restart(harness, pipeline, options, *executors);
    }
    for (int key = 0; key < 10; ++key) {
      pipeline.inputs[0].push({key, late_ms, 2});
    }
    harness->end();
    return std::move(pipeline.outputs);
  };
  const auto expect_same = [&](const auto& definition, std::size_t results) {
    const Outputs wanted = outputs(definition, std::nullopt);
    EXPECT_EQ(wanted.at({"results", 0}).size(), results) << "of the key whose windows were closed";
    EXPECT_GT(wanted.size(), 3U) << "no key is on the other executor";
    EXPECT_LT(wanted.size(), 8U) << "no other key is on that executor";
    for (const int executors : {1, 2, 3}) {
      EXPECT_EQ(outputs(definition, executors), wanted) << "on " << executors;
    }
  };
  expect_same(wallaroo::range_windows(2s).with_timeout(3s), 1);
  expect_same(wallaroo::range_windows(2s).with_slide(1s).with_timeout(3s), 2);
  late_ms = -100;  // otherwise its own session would end after those that were closed
  expect_same(wallaroo::session_windows(600ms).with_timeout(3s), 1);
}

struct ListByBatch : List {
  static constexpr bool pre_aggregate = true;
};

TEST(RestoredWindows, OfStreamsWithoutAKey) {
  const auto expect_same = [](auto windows) {
    expect_same_when_restored(
        [=](Pipeline& pipeline) {
          pipeline.stamped(0)
              .to("windows", windows)
              .to_sink("out", pipeline.sink<Listed>("results", text_of));
        },
        {});
  };
  expect_same(wallaroo::range_windows(2s).over(List{}));
  expect_same(wallaroo::range_windows(2s).over(ListByBatch{}));
  expect_same(wallaroo::range_windows(6s).with_slide(4s).with_delay(1s).over(ListByBatch{}));
}

TEST(RestoredWindows, BehindWindows) {
  using Second = wallaroo::WindowResult<int, std::uint64_t>;
  expect_same_when_restored(
      [](Pipeline& pipeline) {
        pipeline.keyed(0)
            .to("first", wallaroo::range_windows(1s).over(List{}))
            .to("second", wallaroo::range_windows(4s).with_slide(2s).over(
                              wallaroo::sum([](const Listed& first) {
                                return static_cast<std::uint64_t>(first.values.size());
                              })))
            .key_by("other key", [](const Second& second) { return second.key % 2; })
            .to("third", wallaroo::session_windows(3s).over(wallaroo::sum(&Second::value)))
            .to_sink("out", pipeline.sink<Second>("results", [](const Second& third) {
              return std::pair(third.key, fmt::format("[{}, {}) {}", third.window.start,
                                                      third.window.end, third.value));
            }));
      },
      {});
}

}  // namespace
}  // namespace golden::restores
