// Event time step by step, on one executor: stages behind stages.
#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "time.rig.hpp"

namespace golden::times {
namespace {

using namespace wallaroo;

TEST(EventTimes, WindowsFusedWithEventTimeFireWithoutATimeOutToo) {
  Rig rig([](Rig& r, auto ticks) {
    ticks.collect()
        .event_time("time", time_of)
        .to("count", range_windows(10s).without_timeout().over(count()))
        .to("text", [](const WindowValue<std::uint64_t>& c) { return std::to_string(c.value); })
        .to_sink("out", r.sink());
  });
  EXPECT_EQ(rig.give({{1, 1}, {1, 2}}), Lines{});
  EXPECT_EQ(rig.give({{1, 12}}), Lines{"2"});
  EXPECT_EQ(rig.give({{1, 25}}), Lines{"1"});
  EXPECT_EQ(rig.end(), Lines{"1"});
}

TEST(EventTimes, EventTimeBehindAKeyIsThatOfTheStagesThatFollow) {
  Rig rig([](Rig& r, auto ticks) {
    ticks.key_by("key", &Tick::key)
        .event_time("time", time_of)
        .to("count", range_windows(10s).without_timeout().over(count()))
        .to("text", text_of<std::uint64_t>)
        .to_sink("out", r.sink());
  });
  EXPECT_EQ(rig.give({{1, 1}, {1, 2}}), Lines{});
  EXPECT_EQ(rig.give({{2, 12}}), Lines{"1 [0, 10) 2"});
  EXPECT_EQ(rig.end(), Lines{"2 [10, 20) 1"});
}

// One stage of windows behind another without an exchange between them: one loop.
auto windows_of_windows = [](Rig& r, auto ticks) {
  ticks.event_time("time", time_of)
      .key_by("key", &Tick::key)
      .to("count", range_windows(10s).with_delay(2s).without_timeout().over(count()))
      .to("sum", range_windows(20s).without_timeout().over(sum(count_of)))
      .to("text", text_of<std::uint64_t>)
      .to_sink("out", r.sink());
};

TEST(EventTimes, WindowsOfWindowsFireAsSoonAsTheFirstOnesHave) {
  Rig rig(windows_of_windows);
  EXPECT_EQ(rig.give({{1, 1}, {1, 2}, {1, 15}}), Lines{});
  EXPECT_EQ(rig.give({{1, 30}}), Lines{"1 [0, 20) 3"});
}

TEST(EventTimes, WindowsOfWindowsLoseNothingAtTheEnd) {
  Rig rig(windows_of_windows);
  EXPECT_EQ(rig.give({{1, 1}, {1, 2}, {1, 15}, {2, 16}}), Lines{});
  Lines last = rig.end();
  std::sort(last.begin(), last.end());
  EXPECT_EQ(last, (Lines{"1 [0, 20) 3", "2 [0, 20) 1"}));
}

TEST(EventTimes, WindowsOfWindowsWithTimeOutsLoseNothingAtTheEnd) {
  Rig rig([](Rig& r, auto ticks) {
    ticks.event_time("time", time_of)
        .key_by("key", &Tick::key)
        .to("count", range_windows(10s).over(count()))
        .to("sum", range_windows(20s).over(sum(count_of)))
        .to("sums", count_windows(10).over(
                        sum([](const WindowResult<int, std::uint64_t>& r2) { return r2.value; })))
        .to("text",
            [](const WindowResult<int, std::uint64_t>& r3) {
              return fmt::format("{} {}", r3.key, r3.value);
            })
        .to_sink("out", r.sink());
  });
  EXPECT_EQ(rig.give({{1, 1}, {1, 2}, {1, 15}}), Lines{});
  EXPECT_EQ(rig.end(), Lines{"1 3"});
}

struct Remind {
  static std::uint64_t timer_of(const wallaroo::Window& window) {
    return static_cast<std::uint64_t>(window.start);
  }
  std::string operator()(const Count& count, std::uint64_t& last, Timers& timers) {
    last = count.value;
    timers.at(count.window.end_time() + 5s, timer_of(count.window));
    return "seen " + text_of(count);
  }
  std::string on_timer(const int& key, std::uint64_t& last, const Timer& timer) {
    return fmt::format("{} had {} at {}", key, last, timer.due.time_since_epoch() / 1s);
  }
};

TEST(EventTimes, TimersBehindWindowsFireAtTheEnd) {
  Rig rig([](Rig& r, auto ticks) {
    ticks.event_time("time", time_of)
        .key_by("key", &Tick::key)
        .to("count", range_windows(10s).without_timeout().over(count()))
        .to("remind", Remind{})
        .to_sink("out", r.sink());
  });
  EXPECT_EQ(rig.give({{1, 1}, {1, 2}, {1, 12}}), Lines{"seen 1 [0, 10) 2"});
  // The last watermark, 12, has not reached the timer at 15, so the window that the end closes
  // comes before the timer.
  EXPECT_EQ(rig.end(), (Lines{"seen 1 [10, 20) 1", "1 had 1 at 15", "1 had 1 at 25"}));
}

struct AtTheEnd {
  std::optional<Tick> operator()(const Tick& tick, Tick& last, Timers& timers) {
    last = tick;
    timers.at(EventTime::max());
    return std::nullopt;
  }
  Tick on_timer(const int&, Tick& last, const Timer&) { return last; }
};

TEST(EventTimes, WhatATimerEmitsAtTheEndCountsInWindowsBehindIt) {
  Rig rig([](Rig& r, auto ticks) {
    ticks.event_time("time", time_of)
        .key_by("key", &Tick::key)
        .to("last", AtTheEnd{})
        .key_by("key again", &Tick::key)
        .to("sum", range_windows(10s).over(sum(&Tick::value)))
        .to("text", [](const Total& total) { return fmt::format("{} {}", total.key, total.value); })
        .to_sink("out", r.sink());
  });
  EXPECT_EQ(rig.give({{1, 1, 5}, {1, 2, 6}}), Lines{});
  EXPECT_EQ(rig.end(), Lines{"1 6"});
}

struct Replaced {
  std::string operator()(const Tick&, int&, Timers& timers) {
    timers.at(EventTime::min());
    timers.at(EventTime(20s));
    return "set";
  }
  std::string on_timer(const int&, int&, const Timer& timer) {
    return fmt::format("at {}", timer.due.time_since_epoch() / 1s);
  }
};

TEST(EventTimes, ATimerAtTheBeginningOfTimeThatIsReplacedLeavesNothing) {
  Rig rig([](Rig& r, auto ticks) {
    ticks.event_time("time", time_of)
        .key_by("key", &Tick::key)
        .to("timers", Replaced{})
        .to_sink("out", r.sink());
  });
  EXPECT_EQ(rig.give({{1, 1}}), Lines{"set"});
  EXPECT_EQ(rig.give({{2, 21}}), (Lines{"set", "at 20", "at 20"}));
}

}  // namespace
}  // namespace golden::times
