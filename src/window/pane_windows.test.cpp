// Range windows: a test for each sentence that docs/decisions/008 says about them.
#include "window/pane_windows.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "window/set.rig.hpp"

namespace wallaroo::internal {
namespace {

using window_rig::Texts;
using RangeStage = window_rig::Stage<PaneWindows>;

WindowSettings range(std::int64_t range_ns, std::int64_t slide_ns, std::int64_t delay_ns = 0) {
  return {.range_ns = range_ns, .slide_ns = slide_ns, .delay_ns = delay_ns};
}
WindowSettings late(LateData policy, std::int64_t range_ns = 10, std::int64_t slide_ns = 10) {
  return {.range_ns = range_ns, .slide_ns = slide_ns, .late_data = policy};
}

TEST(RangeWindows, StartAtMultiplesOfTheSlide) {
  RangeStage stage(range(10, 4));
  stage.record(9, 1);
  EXPECT_EQ(stage.end(), (Texts{"[0,10) closed: 1 ", "[4,14) closed: 1 ", "[8,18) closed: 1 "}));
}

TEST(RangeWindows, BeforeTheEpochRoundDownToo) {
  RangeStage stage(range(10, 10));
  stage.record(-1, 1);
  stage.record(-10, 2);
  stage.record(-11, 3);
  EXPECT_EQ(stage.watermark(0), (Texts{"[-20,-10): 3 ", "[-10,0): 1 2 "}));
}

TEST(RangeWindows, AreShiftedByTheHashOfTheirKeyWhenSpread) {
  WindowSettings settings = range(1000, 1000);
  settings.spread_by_key = true;
  RangeStage stage(settings);
  stage.record(5000, 1, 1);
  stage.record(5000, 1, 2);
  const auto offset = [](int key) { return static_cast<std::int64_t>(hash_key(key) % 1000); };
  ASSERT_NE(offset(1), offset(2));
  stage.end();
  for (const int key : {1, 2}) {
    EXPECT_EQ(stage.out.by_key[std::to_string(key)].front(),
              fmt::format("[{},{}) closed: 1 ", 4000 + offset(key), 5000 + offset(key)));
  }
}

TEST(RangeWindows, FireOnceWhenTheWatermarkReachesTheirEndAndTheDelay) {
  RangeStage stage(range(10, 10, 3));
  stage.record(5, 1);
  stage.record(9, 2);
  EXPECT_EQ(stage.watermark(12), Texts{});
  EXPECT_EQ(stage.watermark(13), (Texts{"[0,10): 1 2 "}));
  EXPECT_EQ(stage.watermark(30), Texts{});
  EXPECT_EQ(stage.out.times, (std::vector<std::int64_t>{9}));
}

TEST(RangeWindows, WithoutARecordDoNotFireHoweverMany) {
  RangeStage stage(range(10, 5));
  stage.record(0, 1);
  stage.record(1'000'000'000'000'000'000, 2);
  EXPECT_EQ(stage.end(), (Texts{"[-5,5) closed: 1 ", "[0,10) closed: 1 ",
                                "[999999999999999995,1000000000000000005) closed: 2 ",
                                "[1000000000000000000,1000000000000000010) closed: 2 "}));
}

TEST(RangeWindows, OfAKeyFireInTheOrderOfTheirEnds) {
  RangeStage stage(range(10, 10));
  for (const int time : {35, 5, 25, 15}) {
    stage.record(time, time);
  }
  EXPECT_EQ(stage.watermark(40),
            (Texts{"[0,10): 5 ", "[10,20): 15 ", "[20,30): 25 ", "[30,40): 35 "}));
}

TEST(RangeWindows, CombineTheirPartsInTheOrderOfTime) {
  RangeStage stage(range(20, 10));
  for (const int time : {25, 11, 5, 12, 1}) {
    stage.record(time, time);
  }
  EXPECT_EQ(stage.watermark(40),
            (Texts{"[-10,10): 5 1 ", "[0,20): 5 1 11 12 ", "[10,30): 11 12 25 ", "[20,40): 25 "}));
}

TEST(RangeWindows, ARecordOfWhichAllWindowsHaveFiredIsLate) {
  RangeStage stage(range(10, 10, 3));
  EXPECT_EQ(stage.watermark(13), Texts{});
  stage.record(9, 1);
  EXPECT_EQ(stage.set.counts().late, 1U);
  EXPECT_EQ(stage.set.counts().dropped, 1U);
  EXPECT_EQ(stage.set.keys(), 0U);
  stage.record(10, 2);
  EXPECT_EQ(stage.set.counts().late, 1U);
  EXPECT_EQ(stage.watermark(23), (Texts{"[10,20): 2 "}));
}

TEST(RangeWindows, ARecordThatIsLateForSomeOfItsWindowsCountsInTheOthers) {
  RangeStage stage(range(30, 10));
  EXPECT_EQ(stage.watermark(20), Texts{});
  stage.record(5, 1);
  EXPECT_EQ(stage.set.counts().late, 0U);
  EXPECT_EQ(stage.watermark(50), (Texts{"[0,30): 1 "}));
}

TEST(RangeWindows, ARecordOlderThanWhatTheStacksHoldIsInTheWindowsStillOpen) {
  RangeStage stage(range(40, 10, 5));
  for (const int time : {1, 11, 21, 31, 41}) {
    stage.record(time, time);
  }
  EXPECT_EQ(stage.watermark(46).back(), "[0,40): 1 11 21 31 ");
  stage.record(22, 22);
  EXPECT_EQ(stage.watermark(55), (Texts{"[10,50): 11 21 22 31 41 "}));
  stage.record(15, 15);  // too late for [-20,20) to [10,50)
  EXPECT_EQ(stage.set.counts().late, 1U);
  stage.record(51, 51);
  EXPECT_EQ(stage.watermark(65), (Texts{"[20,60): 21 22 31 41 51 "}));
}

TEST(RangeWindows, ARecordOfTheNewestPartMayBeOlderThanWhatTheStacksHoldToo) {
  RangeStage stage(range(40, 10));
  for (const int time : {1, 11, 21, 31}) {
    stage.record(time, time);
  }
  EXPECT_EQ(stage.watermark(40).back(), "[0,40): 1 11 21 31 ");
  stage.record(35, 35);
  EXPECT_EQ(stage.watermark(50), (Texts{"[10,50): 11 21 31 35 "}));
  stage.record(36, 36);
  EXPECT_EQ(stage.watermark(60), (Texts{"[20,60): 21 31 35 36 "}));
}

TEST(RangeWindows, EndOfTheStreamFiresWhatIsOpenAsClosedUnlessTheWatermarkHasPassedIt) {
  RangeStage stage(range(10, 10, 100));
  stage.record(5, 1);
  stage.record(15, 2);
  EXPECT_EQ(stage.watermark(12), Texts{});
  EXPECT_EQ(stage.end(), (Texts{"[0,10): 1 ", "[10,20) closed: 2 "}));
  EXPECT_EQ(stage.set.output_watermark(), end_of_time);
}

TEST(RangeWindows, TimesAtTheEndsOfTimeMakeWindowsWithoutOverflow) {
  RangeStage stage(range(10, 4, 6));
  stage.record(no_time, 1);
  stage.record(end_of_time, 2);
  EXPECT_EQ(stage.watermark(0).size(), 3U);
  EXPECT_EQ(stage.end().size(), 2U);
  EXPECT_EQ(stage.set.counts().open, 0U);
}

TEST(LateRecords, FireByThemselves) {
  RangeStage stage(late(LateData::fire_per_message, 20, 10));
  stage.watermark(100);
  stage.record(55, 1);
  EXPECT_EQ(stage.take(), (Texts{"[50,70) late: 1 "}));
  EXPECT_EQ(stage.out.times, (std::vector<std::int64_t>{100}));  // not late for the next stage
  EXPECT_EQ(stage.set.counts().late, 1U);
  EXPECT_EQ(stage.set.counts().dropped, 0U);
}

TEST(LateRecords, BecomeAStreamOfTheirOwn) {
  RangeStage stage(late(LateData::to_stream));
  stage.watermark(100);
  stage.record(55, 1);
  EXPECT_EQ(stage.take(), (Texts{"late @55: 1"}));
}

TEST(LateRecords, CountInTheOldestWindowOfTheirKeyThatHasNotFired) {
  RangeStage stage(late(LateData::place_in_oldest_window));
  stage.watermark(100);
  stage.record(135, 1);
  stage.record(155, 2);
  stage.record(3, 3);
  EXPECT_EQ(stage.watermark(160), (Texts{"[130,140): 1 3 ", "[150,160): 2 "}));
}

TEST(LateRecords, WithoutAnOpenWindowCountInTheOldestThatTheWatermarkAllows) {
  RangeStage stage(late(LateData::place_in_oldest_window));
  stage.watermark(105);
  stage.record(3, 3);
  EXPECT_EQ(stage.watermark(110), (Texts{"[100,110): 3 "}));
}

TEST(LateRecords, OfOverlappingWindowsCountInTheOldestOnly) {
  RangeStage stage(late(LateData::place_in_oldest_window, 30, 10));
  stage.watermark(100);
  stage.record(95, 1);  // [80,110) is the oldest that is open
  stage.record(3, 3);
  EXPECT_EQ(stage.watermark(130), (Texts{"[80,110): 3 1 ", "[90,120): 1 "}));
}

TEST(LateRecords, OpenNoWindowOlderThanTheOldestOfTheirKey) {
  RangeStage stage(late(LateData::place_in_oldest_window, 30, 10));
  stage.watermark(100);
  stage.record(205, 1);  // from [180,210) on
  stage.record(3, 3);
  EXPECT_EQ(stage.watermark(240), (Texts{"[180,210): 1 3 ", "[190,220): 1 3 ", "[200,230): 1 3 "}));
}

}  // namespace
}  // namespace wallaroo::internal
