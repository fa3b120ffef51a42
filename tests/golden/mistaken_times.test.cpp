// Impossible times, and extractors and strategies that fail.
#include <stdexcept>

#include "time.rig.hpp"

namespace golden::times {
namespace {

using namespace wallaroo;

// The wall clock of a harness stands at the beginning of 2100.
constexpr std::int64_t wall_s = 4'102'444'800;

auto counted(OnError policy) {
  return [policy](Rig& r, auto ticks) {
    EventTimeOptions times = ascending();
    times.on_error = policy;
    ticks.event_time("time", time_of, times)
        .key_by("key", &Tick::key)
        .to("count", range_windows(10s).over(count()))
        .to("text", text_of<std::uint64_t>)
        .to_sink("out", r.sink());
  };
}

TEST(MistakenTimes, FarInTheFutureAreSkippedAndCloseNoWindow) {
  Rig rig(counted(OnError::skip));
  EXPECT_EQ(rig.give({{1, 1}, {1, wall_s + 3601}, {1, 2}}), Lines{});
  EXPECT_TRUE(rig.counts("wallaroo_stage_errors_total", "time", 1)) << rig.harness->metrics_text();
  EXPECT_TRUE(rig.counts("wallaroo_stage_records_out_total", "time", 2));
  EXPECT_TRUE(rig.counts("wallaroo_stage_late_records_total", "count", 0));
  EXPECT_EQ(rig.give({{1, 10}}), Lines{"1 [0, 10) 2"});
}

TEST(MistakenTimes, AreGoodUpToTheBound) {
  Rig rig(counted(OnError::stop));
  EXPECT_EQ(rig.give({{1, wall_s + 3600}}), Lines{});
  EXPECT_TRUE(rig.counts("wallaroo_stage_errors_total", "time", 0));
}

TEST(MistakenTimes, StopTheApplicationUnlessItIsToGoOn) {
  Rig rig(counted(OnError::stop));
  try {
    rig.give({{1, wall_s + 3601}});
    FAIL() << "it went on";
  } catch (const StageError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("stage 'time'"), std::string::npos) << text;
    EXPECT_NE(text.find("its event time 2100-01-01T01:00:01Z"), std::string::npos) << text;
    EXPECT_NE(text.find("raise max_ahead in the options of event_time"), std::string::npos) << text;
  }
}

TEST(MistakenTimes, CanBecomeDeadLetters) {
  Lines dead;
  Rig rig([&](Rig& r, auto ticks) {
    counted(OnError::dead_letter)(r, ticks);
    r.app.dead_letters("dead").to_sink("graves", callback_sink([&](const DeadLetter& letter) {
                                         dead.push_back(letter.stage + ": " + letter.error);
                                       }));
  });
  EXPECT_EQ(rig.give({{1, 1}, {1, wall_s + 3601}, {1, 10}}), Lines{"1 [0, 10) 1"});
  ASSERT_EQ(dead.size(), 1U);
  EXPECT_TRUE(dead[0].starts_with("time: its event time 2100")) << dead[0];
}

TEST(MistakenTimes, WithoutABoundOnlyTheEndOfTimeIsOne) {
  for (const std::chrono::nanoseconds max_ahead : {0ns, std::chrono::nanoseconds::max()}) {
    EventTimeOptions times = ascending();
    times.max_ahead = max_ahead;
    times.max_jump = 0ns;
    times.on_error = OnError::skip;
    Rig rig([&](Rig& r, auto ticks) {
      ticks
          .event_time(
              "time", [](const Tick& tick) { return tick.at_s; }, times)
          .key_by("key", &Tick::key)
          .to("count", range_windows(10ns).over(count()))
          .to("text", [](const Count& c) { return std::to_string(c.window.start); })
          .to_sink("out", r.sink());
    });
    EXPECT_EQ(rig.give({{1, 1}, {1, EventTime::max().time_since_epoch().count()}, {1, 2}}),
              Lines{});
    EXPECT_TRUE(rig.counts("wallaroo_stage_errors_total", "time", 1))
        << "max_ahead " << max_ahead.count();
    EXPECT_EQ(rig.give({{1, EventTime::max().time_since_epoch().count() - 1000}}), Lines{"0"});
  }
}

TEST(MistakenTimes, AnExtractorThatThrowsFailsItsRecordOnly) {
  EventTimeOptions times = ascending();
  times.on_error = OnError::skip;
  Rig rig([&](Rig& r, auto ticks) {
    ticks
        .event_time(
            "time",
            [](const Tick& tick) {
              if (tick.value < 0) {
                throw std::runtime_error("no time in it");
              }
              return time_of(tick);
            },
            times)
        .key_by("key", &Tick::key)
        .to("count", range_windows(10s).over(count()))
        .to("text", text_of<std::uint64_t>)
        .to_sink("out", r.sink());
  });
  EXPECT_EQ(rig.give({{1, 1}, {1, 50, -1}, {1, 10}}), Lines{"1 [0, 10) 1"});
  EXPECT_TRUE(rig.counts("wallaroo_stage_errors_total", "time", 1));
}

TEST(MistakenTimes, ThatTheWatermarkStrategyRefusesFailTheirRecordOnly) {
  EventTimeOptions times = custom_watermarks([] {
    return [](EventTime time) {
      if (time == EventTime(7s)) {
        throw std::runtime_error("seven");
      }
      return time;
    };
  });
  times.on_error = OnError::skip;
  Rig rig([&](Rig& r, auto ticks) {
    ticks.event_time("time", time_of, times)
        .key_by("key", &Tick::key)
        .to("count", range_windows(10s).over(count()))
        .to("text", text_of<std::uint64_t>)
        .to_sink("out", r.sink());
  });
  EXPECT_EQ(rig.give({{1, 1}, {1, 7}, {1, 8}, {1, 10}}), Lines{"1 [0, 10) 2"});
}

}  // namespace
}  // namespace golden::times
