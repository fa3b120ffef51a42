// Count windows: a test for each sentence that docs/decisions/008 says about them.
#include "window/count_windows.hpp"

#include <gtest/gtest.h>

#include "window/set.rig.hpp"

namespace wallaroo::internal {
namespace {

using window_rig::Texts;
using CountStage = window_rig::Stage<CountWindows>;

WindowSettings count(std::int64_t n, std::int64_t slide) {
  return {.kind = WindowKind::count, .count = n, .count_slide = slide};
}
WindowSettings timed(std::int64_t n, std::int64_t slide) {
  WindowSettings settings = count(n, slide);
  settings.timeout_ns = 10;
  return settings;
}
void feed(CountStage& stage, int from, int to) {
  for (int i = from; i <= to; ++i) {
    stage.record(i, i);
  }
}

TEST(CountWindows, FireWithTheirLastRecordNumberedFromZero) {
  CountStage stage(count(3, 3));
  feed(stage, 1, 2);
  EXPECT_EQ(stage.take(), Texts{});
  feed(stage, 3, 7);
  EXPECT_EQ(stage.take(), (Texts{"[0,3): 1 2 3 ", "[3,6): 4 5 6 "}));
}

TEST(CountWindows, OverlapWhenTheySlide) {
  CountStage stage(count(4, 3));
  feed(stage, 1, 10);
  EXPECT_EQ(stage.take(), (Texts{"[0,4): 1 2 3 4 ", "[3,7): 4 5 6 7 ", "[6,10): 7 8 9 10 "}));
}

TEST(CountWindows, TakeRecordsInTheOrderOfArrivalAndCallNothingLate) {
  CountStage stage(count(2, 2));
  stage.watermark(1000);
  stage.record(7, 1);
  stage.record(-5, 2);
  EXPECT_EQ(stage.take(), (Texts{"[0,2): 1 2 "}));
  EXPECT_EQ(stage.set.counts().late, 0U);
}

TEST(CountWindows, ResultsHaveTheGreatestTimeOfTheirRecords) {
  CountStage stage(count(3, 3));
  stage.watermark(10);
  for (const int time : {20, 70, 30, 40, 50, 60}) {
    stage.record(time, time);
  }
  EXPECT_EQ(stage.out.times, (std::vector<std::int64_t>{70, 60}));
}

TEST(CountWindows, ResultsAreNotOlderThanTheWatermark) {
  CountStage stage(count(1, 1));
  stage.watermark(100);
  stage.record(20, 1);
  EXPECT_EQ(stage.out.times, (std::vector<std::int64_t>{100}));
}

TEST(CountWindows, EndOfTheStreamClosesIncompleteOnesInOrder) {
  CountStage stage(count(4, 2));
  feed(stage, 1, 5);
  EXPECT_EQ(stage.take(), (Texts{"[0,4): 1 2 3 4 "}));
  EXPECT_EQ(stage.end(), (Texts{"[2,6) closed: 3 4 5 ", "[4,8) closed: 5 "}));
  EXPECT_EQ(stage.out.times, (std::vector<std::int64_t>{4, 5, 5}));
  EXPECT_EQ(stage.set.keys(), 0U);
  EXPECT_EQ(stage.set.output_watermark(), end_of_time);
}

WindowSettings flushed(std::int64_t n, std::int64_t slide) {
  WindowSettings settings = timed(n, slide);
  settings.flush = true;
  return settings;
}

TEST(CountWindows, AreFlushedAtMultiplesOfTheTimeAlsoWhenRecordsCome) {
  CountStage stage(flushed(3, 3));
  stage.set.set_now(4);
  stage.record(1, 1);
  EXPECT_EQ(stage.set.next_time_ns(), 10);
  stage.set.set_now(9);
  stage.record(2, 2);
  EXPECT_EQ(stage.time(9), Texts{});
  EXPECT_EQ(stage.time(10), (Texts{"[0,3) closed: 1 2 "}));
  EXPECT_EQ(stage.set.keys(), 0U);
  EXPECT_EQ(stage.set.next_time_ns(), end_of_time);
  stage.record(3, 3);
  EXPECT_EQ(stage.time(20), (Texts{"[0,3) closed: 3 "}));
}

TEST(CountWindows, ThatAreFlushedStillFireWithTheirLastRecord) {
  CountStage stage(flushed(2, 2));
  feed(stage, 1, 5);
  EXPECT_EQ(stage.take(), (Texts{"[0,2): 1 2 ", "[2,4): 3 4 "}));
  EXPECT_EQ(stage.time(10), (Texts{"[4,6) closed: 5 "}));
  feed(stage, 6, 7);
  EXPECT_EQ(stage.take(), (Texts{"[0,2): 6 7 "}));
  EXPECT_EQ(stage.time(20), Texts{}) << "nothing is left to flush";
  EXPECT_EQ(stage.set.keys(), 0U);
}

TEST(CountWindows, AreFlushedForAllKeysTogether) {
  CountStage stage(flushed(3, 3));
  for (int key = 0; key < 3; ++key) {
    stage.set.set_now(3 * key + 1);
    stage.record(key, key, key);
  }
  EXPECT_EQ(stage.time(9), Texts{});
  EXPECT_EQ(stage.time(10).size(), 3U);
}

TEST(CountWindows, ThatSlideAreFlushedWithAllThatAreOpen) {
  CountStage stage(flushed(4, 2));
  feed(stage, 1, 5);
  EXPECT_EQ(stage.take(), (Texts{"[0,4): 1 2 3 4 "}));
  EXPECT_EQ(stage.time(10), (Texts{"[2,6) closed: 3 4 5 ", "[4,8) closed: 5 "}));
}

TEST(CountWindows, WaitForeverWithoutATimeout) {
  CountStage stage(count(3, 3));
  feed(stage, 1, 1);
  EXPECT_EQ(stage.set.next_time_ns(), end_of_time);
  EXPECT_EQ(stage.time(1'000'000), Texts{});
}

TEST(CountWindows, OfAKeyAreClosedWhenItHadNoRecordForTheTimeout) {
  CountStage stage(timed(3, 3));
  stage.record(1, 1, 1);
  stage.time(5);
  stage.record(1, 2, 2);
  EXPECT_EQ(stage.set.next_time_ns(), 10);
  EXPECT_EQ(stage.time(9), Texts{});
  EXPECT_EQ(stage.time(10), (Texts{"[0,3) closed: 1 "}));
  EXPECT_EQ(stage.time(15), (Texts{"[0,3) closed: 2 "}));
  EXPECT_EQ(stage.set.keys(), 0U);
}

TEST(CountWindows, ARecordPutsTheTimeoutOff) {
  CountStage stage(timed(3, 3));
  stage.record(1, 1);
  stage.time(8);
  stage.record(1, 2);
  EXPECT_EQ(stage.time(17), Texts{});
  EXPECT_EQ(stage.time(18), (Texts{"[0,3) closed: 1 2 "}));
}

TEST(CountWindows, NumberFromZeroAgainAfterATimeout) {
  CountStage stage(timed(2, 2));
  feed(stage, 1, 2);
  EXPECT_EQ(stage.time(10), (Texts{"[0,2): 1 2 "}));
  EXPECT_EQ(stage.set.keys(), 0U);  // keys without an open window are forgotten, too
  feed(stage, 3, 4);
  EXPECT_EQ(stage.take(), (Texts{"[0,2): 3 4 "}));
}

}  // namespace
}  // namespace wallaroo::internal
