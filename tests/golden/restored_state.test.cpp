// Joins, timers and states that go on from a checkpoint do what they would have done without one.
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "restore.rig.hpp"

namespace golden::restores {
namespace {

using wallaroo::Timer;
using wallaroo::Timers;
using Text = std::pair<int, std::string>;

Text as_it_is(const Text& text) { return text; }

template <class Join>
void expect_join_restored(Join join) {
  ScriptOptions options;
  options.inputs = 2;
  expect_same_when_restored(
      [=](Pipeline& pipeline) {
        join(pipeline, pipeline.keyed(0).join(pipeline.keyed(1)).within(-1s, 3s));
      },
      options);
}

std::string value_of(const Tick* tick) {
  return tick == nullptr ? "nothing" : std::to_string(tick->value);
}

TEST(RestoredJoins, OfAllKinds) {
  expect_join_restored([](Pipeline& pipeline, auto join) {
    join.to("pairs",
            [](const Tick& a, const Tick& b) {
              return Text(a.key, fmt::format("{} {}", a.value, b.value));
            })
        .to_sink("out", pipeline.sink<Text>("pairs", as_it_is));
  });
  expect_join_restored([](Pipeline& pipeline, auto join) {
    join.left()
        .to("pairs",
            [](const Tick& a, const Tick* b) {
              return Text(a.key, fmt::format("{} {}", a.value, value_of(b)));
            })
        .to_sink("out", pipeline.sink<Text>("pairs", as_it_is));
  });
  expect_join_restored([](Pipeline& pipeline, auto join) {
    join.right()
        .to("pairs",
            [](const Tick* a, const Tick& b) {
              return Text(b.key, fmt::format("{} {}", value_of(a), b.value));
            })
        .to_sink("out", pipeline.sink<Text>("pairs", as_it_is));
  });
}

TEST(RestoredJoins, WithLateRecordsAsAStream) {
  expect_join_restored([](Pipeline& pipeline, auto join) {
    auto [pairs, late] = join.full().to_with_late("pairs", [](const Tick* a, const Tick* b) {
      return Text(a == nullptr ? b->key : a->key, fmt::format("{} {}", value_of(a), value_of(b)));
    });
    pairs.to_sink("out", pipeline.sink<Text>("pairs", as_it_is));
    using Either = std::variant<Tick, Tick>;
    late.to_sink("late", pipeline.sink<Either>("late", [](const Either& either) {
      const Tick& tick = either.index() == 0 ? std::get<0>(either) : std::get<1>(either);
      return Text(tick.key, fmt::format("{} {}", either.index(), tick.value));
    }));
  });
}

template <class Join>
void left_with_late(Pipeline& pipeline, Join join) {
  auto [pairs, late] = join.left().to_with_late("pairs", [](const Tick& a, const Tick* b) {
    return Text(a.key, fmt::format("{} {}", a.value, value_of(b)));
  });
  pairs.to_sink("out", pipeline.sink<Text>("pairs", as_it_is));
  using Either = std::variant<Tick, Tick>;
  late.to_sink("late", pipeline.sink<Either>("late", [](const Either& either) {
    const Tick& tick = either.index() == 0 ? std::get<0>(either) : std::get<1>(either);
    return Text(tick.key, fmt::format("{} {}", either.index(), tick.value));
  }));
}

TEST(RestoredJoins, TimeOutsAreCountedFromTheRestart) {
  ScriptOptions options;
  options.inputs = 2;
  options.other_executors = false;  // executors without input are not idle at once either
  options.counts_idle = true;
  wallaroo::EventTimeOptions times;
  times.idle_after = 2s;
  expect_same_when_restored(
      [=](Pipeline& pipeline) {
        left_with_late(pipeline, pipeline.keyed(0, times)
                                     .join(pipeline.keyed(1, times))
                                     .within(-1s, 3s)
                                     .with_timeout(1s));
      },
      options);
}

// A time-out gives records up on one executor. A restart brings its keys to others, which had no
// time-out.
TEST(RestoredJoins, WhatATimeOutGaveUpFindsNoPartnerOnOtherExecutors) {
  using wallaroo::testing::Harness;
  const auto outputs = [&](std::optional<int> executors) {
    wallaroo::EventTimeOptions times;
    times.idle_after = 1s;
    Pipeline pipeline([=](Pipeline& made) {
      const auto join = made.keyed(0, times).join(made.keyed(1, times));
      left_with_late(made, join.within(0s, 3s).with_timeout(2s));
    });
    wallaroo::testing::HarnessOptions options;
    options.executors = 2;
    auto harness = std::make_unique<Harness>(pipeline.app, options);
    pipeline.inputs[0].push({0, 0, 1});
    harness->run();
    harness->advance(1500ms);  // idle
    EXPECT_TRUE(pipeline.outputs.empty()) << "given up before the time-out";
    harness->advance(3s);
    EXPECT_EQ(pipeline.outputs[std::pair("pairs", 0)], std::vector<std::string>{"1 nothing"});
    if (executors) {
      restart(harness, pipeline, options, *executors);
    }
    for (int key = 0; key < 10; ++key) {
      pipeline.inputs[1].push({key, 500, 2});
    }
    harness->end();
    return std::move(pipeline.outputs);
  };
  const Outputs wanted = outputs(std::nullopt);
  EXPECT_EQ(wanted.at({"late", 0}), std::vector<std::string>{"1 2"});
  EXPECT_LT(wanted.size(), 9U) << "no other executor has a key";
  for (const int executors : {1, 2, 3}) {
    EXPECT_EQ(outputs(executors), wanted) << "on " << executors;
  }
}

/// Every third record sets a timer of event time, every fifth one of processing time. Later records
/// move or cancel these.
struct Alarms {
  struct State {
    int records = 0;
    int alarms = 0;
  };
  bool of_processing_time = true;

  std::optional<Text> operator()(const Tick& tick, State& state, Timers& timers) {
    ++state.records;
    const auto id = static_cast<std::uint64_t>(tick.value % 4);
    if (tick.value % 3 == 0) {
      timers.at(time_of(tick) + std::chrono::milliseconds(tick.value % 7 * 1000), id);
    } else if (tick.value % 5 == 0 && of_processing_time) {
      timers.after(std::chrono::milliseconds(tick.value % 11 * 300), id);
    } else if (tick.value % 7 == 0) {
      timers.cancel(id);
    }
    return std::nullopt;
  }
  std::optional<Text> on_timer(const int& key, State& state, const Timer& timer, Timers& timers) {
    const bool event = timer.kind == wallaroo::TimerKind::event_time;
    ++state.alarms;
    if (event && state.alarms % 3 == 0) {
      timers.at(timer.due + 1s, 9);
    }
    return Text(key, fmt::format("{} {} {}: {} {}", event ? "event" : "processing", timer.id,
                                 event ? timer.due.time_since_epoch().count() : 0, state.records,
                                 state.alarms));
  }
};

TEST(RestoredTimers, OfEventTimeAndOfProcessingTime) {
  expect_same_when_restored(
      [](Pipeline& pipeline) {
        pipeline.keyed(0)
            .to("alarms", Alarms{})
            .to_sink("out", pipeline.sink<Text>("alarms", as_it_is));
      },
      {});
}

// A timer of processing time uses a state at the watermark behind the stage, which may lag a
// little. So this test has only timers of event time.
TEST(RestoredTimers, OfStateThatExpiresByEventTime) {
  expect_same_when_restored(
      [](Pipeline& pipeline) {
        pipeline.keyed(0)
            .to("alarms", wallaroo::stateful(Alarms{.of_processing_time = false}).expire_after(2s))
            .to_sink("out", pipeline.sink<Text>("alarms", as_it_is));
      },
      {});
}

TEST(RestoredTimers, OfStateThatExpiresByProcessingTime) {
  expect_same_when_restored(
      [](Pipeline& pipeline) {
        pipeline.keyed(0)
            .to("alarms", wallaroo::stateful(Alarms{}).expire_after(
                              2s, wallaroo::ExpiryTime::processing_time))
            .to_sink("out", pipeline.sink<Text>("alarms", as_it_is));
      },
      {});
}

Text count_up(const Tick& tick, int& count) {
  return {tick.key, fmt::format("{}: {}", tick.value, ++count)};
}
Text count_all(const Tick& tick, int& count) {
  return {0, fmt::format("{}: {}", tick.value, ++count)};
}

TEST(RestoredStates, ExpireAsTheyWouldHave) {
  for (const auto time :
       {wallaroo::ExpiryTime::event_time, wallaroo::ExpiryTime::processing_time}) {
    expect_same_when_restored(
        [=](Pipeline& pipeline) {
          pipeline.keyed(0)
              .to("count", wallaroo::stateful(count_up).expire_after(2s, time))
              .to_sink("out", pipeline.sink<Text>("counts", as_it_is));
        },
        {.keys = 15});
  }
}

TEST(RestoredStates, WithAndWithoutAKey) {
  expect_same_when_restored(
      [](Pipeline& pipeline) {
        auto ticks = pipeline.source(0);
        ticks.key_by("key", &Tick::key)
            .to("count", count_up)
            .to_sink("out", pipeline.sink<Text>("counts", as_it_is));
        ticks.collect()
            .to("count all", count_all)
            .to_sink("all", pipeline.sink<Text>("all", as_it_is));
      },
      {});
}

}  // namespace
}  // namespace golden::restores
