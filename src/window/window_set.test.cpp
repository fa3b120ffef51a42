// Tests for all kinds of windows: time-outs, early output, slices, memory.
#include "window/window_set.hpp"

#include <stdexcept>
#include <string_view>

#include <gtest/gtest.h>

#include "window/set.rig.hpp"

namespace wallaroo::internal {
namespace {

using window_rig::Texts;
using RangeStage = window_rig::Stage<PaneWindows>;
using SessionStage = window_rig::Stage<SessionWindows>;
using CountStage = window_rig::Stage<CountWindows>;

WindowSettings range(std::int64_t range_ns, std::int64_t slide_ns) {
  return {.range_ns = range_ns, .slide_ns = slide_ns};
}
WindowSettings timed(std::int64_t timeout_ns) {
  WindowSettings settings = range(10, 10);
  settings.timeout_ns = timeout_ns;
  return settings;
}
WindowSettings early(WindowSettings settings) {
  settings.early_every_ns = 5;
  return settings;
}

TEST(Timeout, ClosesOpenWindowsWhenNeitherARecordNorAWatermarkCame) {
  RangeStage stage(timed(20));
  stage.record(5, 1);
  stage.record(25, 2);
  EXPECT_EQ(stage.time(3), Texts{});
  EXPECT_EQ(stage.set.next_time_ns(), 23);
  EXPECT_EQ(stage.watermark(12), (Texts{"[0,10): 1 "}));
  EXPECT_EQ(stage.time(22), Texts{});
  EXPECT_EQ(stage.set.next_time_ns(), 42);
  EXPECT_EQ(stage.time(41), Texts{});
  EXPECT_EQ(stage.time(42), (Texts{"[20,30) closed: 2 "}));
  EXPECT_EQ(stage.set.next_time_ns(), end_of_time);
}

TEST(Timeout, MakesRecordsOfTheClosedWindowsLateButDoesNotMoveTheWatermark) {
  RangeStage stage(timed(20));
  stage.watermark(3);
  stage.record(15, 1);
  stage.time(1);
  EXPECT_EQ(stage.time(21), (Texts{"[10,20) closed: 1 "}));
  EXPECT_EQ(stage.set.output_watermark(), 3);
  stage.record(19, 2);
  EXPECT_EQ(stage.set.counts().late, 1U);
  stage.record(20, 3);
  EXPECT_EQ(stage.set.counts().late, 1U);
  EXPECT_EQ(stage.watermark(30), (Texts{"[20,30): 3 "}));
}

TEST(Timeout, WithoutOneWindowsWait) {
  RangeStage stage(range(10, 10));
  stage.record(5, 1);
  stage.time(1);
  EXPECT_EQ(stage.set.next_time_ns(), end_of_time);
  EXPECT_EQ(stage.time(1'000'000'000'000), Texts{});
}

TEST(Timeout, MarksAWindowAlikeHoweverLongItsTurnTakes) {
  RangeStage stage(timed(20));
  stage.watermark(3);
  stage.record(5, 1);
  stage.set.on_time(1, stage.out);
  stage.set.on_time(21, stage.out);
  EXPECT_EQ(stage.watermark(50), (Texts{"[0,10) closed: 1 "}));
}

TEST(EarlyOutput, ComesForWindowsThatChangedSince) {
  RangeStage stage(early(range(10, 10)));
  stage.record(5, 1);
  stage.record(15, 2);
  EXPECT_EQ(stage.set.next_time_ns(), 5);
  EXPECT_EQ(stage.time(4), Texts{});
  EXPECT_EQ(stage.time(5), (Texts{"[0,10) early: 1 ", "[10,20) early: 2 "}));
  EXPECT_EQ(stage.set.next_time_ns(), end_of_time);
  stage.record(16, 3);
  EXPECT_EQ(stage.time(10), (Texts{"[10,20) early: 2 3 "}));
  EXPECT_EQ(stage.end(), (Texts{"[0,10) closed: 1 ", "[10,20) closed: 2 3 "}));
  EXPECT_EQ(stage.set.counts().early, 3U);
  EXPECT_EQ(stage.set.counts().fired, 2U);
}

TEST(EarlyOutput, ComesForEachOverlappingWindowOfARecord) {
  RangeStage stage(early(range(20, 10)));
  stage.record(5, 1);
  stage.record(15, 2);
  stage.time(5);
  stage.take();
  stage.record(25, 3);
  EXPECT_EQ(stage.time(10), (Texts{"[10,30) early: 2 3 ", "[20,40) early: 3 "}));
}

TEST(EarlyOutput, ComesForSessionsAndCountWindows) {
  SessionStage sessions(early({.kind = WindowKind::session, .gap_ns = 10}));
  sessions.record(5, 1);
  sessions.record(30, 2);
  sessions.record(7, 3);
  EXPECT_EQ(sessions.time(5), (Texts{"[5,17) early: 1 3 ", "[30,40) early: 2 "}));
  CountStage counts(early({.kind = WindowKind::count, .count = 4, .count_slide = 2}));
  for (const int i : {1, 2, 3}) {
    counts.record(i, i);
  }
  EXPECT_EQ(counts.time(5), (Texts{"[0,4) early: 1 2 3 ", "[2,6) early: 3 "}));
}

TEST(WindowSet, FiresInSlicesOfTheSizeAskedFor) {
  RangeStage stage(range(10, 10));
  for (int i = 0; i < 6; ++i) {
    stage.record(10 * i, i, i % 2);
  }
  stage.set.on_watermark(100);
  EXPECT_TRUE(stage.set.fire_due(0, stage.out));
  EXPECT_EQ(stage.take().size(), 0U);
  EXPECT_TRUE(stage.set.fire_due(4, stage.out));
  EXPECT_EQ(stage.take().size(), 4U);
  EXPECT_EQ(stage.fire(4).size(), 2U);
}

TEST(WindowSet, ARecordsOwnKeyFirstFiresWhatIsDue) {
  RangeStage stage(range(20, 10));
  stage.record(5, 1);
  stage.set.on_watermark(10);
  stage.record(6, 2);  // too late for [-10,10), which has not had its turn yet
  EXPECT_EQ(stage.take(), (Texts{"[-10,10): 1 "}));
  EXPECT_EQ(stage.watermark(20), (Texts{"[0,20): 1 2 "}));
}

TEST(WindowSet, HoldsItsOutputWatermarkBeforeWhatIsStillToFire) {
  WindowSettings settings = range(10, 10);
  settings.delay_ns = 5;
  RangeStage stage(settings);
  EXPECT_EQ(stage.set.output_watermark(), no_time);
  stage.record(3, 1);
  stage.set.on_watermark(100);
  EXPECT_EQ(stage.set.output_watermark(), 9);
  stage.fire();
  EXPECT_EQ(stage.set.output_watermark(), 95);
}

TEST(WindowSet, AWatermarkThatGoesBackIsABrokenInvariant) {
  RangeStage stage(range(10, 10));
  stage.watermark(5);
  EXPECT_THROW(stage.set.on_watermark(4), std::logic_error);
}

TEST(WindowSet, ForgetsKeysWhoseWindowsAreGone) {
  RangeStage stage(range(10, 10));
  for (int key = 0; key < 1000; ++key) {
    stage.record(key % 10, key, key);
  }
  EXPECT_EQ(stage.set.keys(), 1000U);
  EXPECT_EQ(stage.set.counts().open, 1000U);
  EXPECT_EQ(stage.watermark(10).size(), 1000U);
  EXPECT_EQ(stage.set.keys(), 0U);
  EXPECT_EQ(stage.set.counts().open, 0U);
}

struct Picky : window_rig::List {
  void update(const int& record, std::string& list) const {
    if (record < 0) {
      throw std::runtime_error("negative");
    }
    window_rig::List::update(record, list);
  }
};

TEST(WindowSet, ARecordThatTheAggregationRefusesLeavesNoTrace) {
  WindowSet<int, int, Picky, PaneWindows<Picky, int>> set(range(10, 10));
  window_rig::Outputs<window_rig::List> out;
  EXPECT_THROW(set.on_record(hash_key(1), 1, 5, -1, out), std::runtime_error);
  EXPECT_EQ(set.keys(), 0U);
  set.on_record(hash_key(1), 1, 5, 7, out);
  EXPECT_THROW(set.on_record(hash_key(1), 1, 15, -1, out), std::runtime_error);
  set.on_watermark(end_of_time);
  set.fire_due(10, out);
  EXPECT_EQ(out.all, (Texts{"[0,10) closed: 7 "}));
}

// key_by lets no such key through, but a == and a std::hash may be wrong in other ways.
TEST(WindowSet, AKeyThatIsNotFoundAgainIsAnErrorAndNoCrash) {
  WindowSet<double, int, window_rig::List, CountWindows<window_rig::List, int>> set(
      {.kind = WindowKind::count, .count = 1, .count_slide = 1});
  window_rig::Outputs<window_rig::List> out;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(set.on_record(hash_key(nan), nan, 5, 7, out), std::logic_error);
  set.on_record(hash_key(0.5), 0.5, 5, 7, out);
  EXPECT_EQ(out.all.size(), 1U);
}

TEST(WindowSet, KeepsKeysThatCameAsViews) {
  WindowSet<std::string_view, int, window_rig::List, PaneWindows<window_rig::List, int>> set(
      range(10, 10));
  window_rig::Outputs<window_rig::List> out;
  {
    const std::string word = "a word of more than sixteen bytes";
    set.on_record(hash_key(word), word, 5, 7, out);
  }
  set.on_watermark(10);
  set.fire_due(10, out);
  EXPECT_EQ(out.by_key["a word of more than sixteen bytes"], (Texts{"[0,10): 7 "}));
}

TEST(WindowSet, AKeyWithASumHasItsFirstPartWithoutAnAllocation) {
  using window_rig::Sum;
  EXPECT_LE(sizeof(PaneWindows<Sum, int>), 56U);
  EXPECT_LE(sizeof(SessionWindows<Sum, int>), 56U);
  EXPECT_LE(sizeof(CountWindows<Sum, int>), 64U);
}

}  // namespace
}  // namespace wallaroo::internal
