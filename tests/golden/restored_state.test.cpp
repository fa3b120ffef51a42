// Joins, timers and states that go on from a checkpoint do what they would have done without one.
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "restore_rig.hpp"

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

/// Of every third record a timer of event time, of every fifth one of processing time, which is
/// moved or cancelled by those that follow.
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

// The event time at which a timer of processing time uses a state is the watermark behind the
// stage, which may lag a little: so only timers of event time here.
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
