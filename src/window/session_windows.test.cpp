// Sessions: a test for each sentence that docs/decisions/008 says about them.
#include "window/session_windows.hpp"

#include <gtest/gtest.h>

#include "window/set.rig.hpp"

namespace wallaroo::internal {
namespace {

using window_rig::Texts;
using SessionStage = window_rig::Stage<SessionWindows>;

WindowSettings session(std::int64_t gap_ns, std::int64_t delay_ns = 0,
                       LateData late_data = LateData::drop) {
  return {
      .kind = WindowKind::session, .gap_ns = gap_ns, .delay_ns = delay_ns, .late_data = late_data};
}

TEST(Sessions, AreCutWhereNeighboursAreAGapOrMoreApart) {
  SessionStage stage(session(10));
  for (const int time : {0, 9, 19, 28}) {
    stage.record(time, time);
  }
  EXPECT_EQ(stage.end(), (Texts{"[0,19) closed: 0 9 ", "[19,38) closed: 19 28 "}));
}

TEST(Sessions, FireWhenTheWatermarkReachesTheirEndAndTheDelay) {
  SessionStage stage(session(10, 3));
  stage.record(5, 1);
  stage.record(7, 2);
  EXPECT_EQ(stage.watermark(19), Texts{});
  EXPECT_EQ(stage.watermark(20), (Texts{"[5,17): 1 2 "}));
  EXPECT_EQ(stage.out.times, (std::vector<std::int64_t>{16}));
  EXPECT_EQ(stage.set.keys(), 0U);
}

TEST(Sessions, GrowAtBothEnds) {
  SessionStage stage(session(10));
  for (const int time : {50, 41, 59}) {
    stage.record(time, time);
  }
  EXPECT_EQ(stage.watermark(69), (Texts{"[41,69): 50 41 59 "}));
}

TEST(Sessions, BecomeOneByARecordBetweenThemTheOlderFirst) {
  SessionStage stage(session(10));
  for (const int time : {30, 32, 15, 22}) {
    stage.record(time, time);
  }
  EXPECT_EQ(stage.set.counts().open, 1U);
  EXPECT_EQ(stage.watermark(42), (Texts{"[15,42): 15 22 30 32 "}));
}

TEST(Sessions, ARecordThatTouchesNoOpenOneAndWouldBeDueIsLate) {
  SessionStage stage(session(10, 3));
  stage.watermark(50);
  stage.record(37, 1);
  EXPECT_EQ(stage.set.counts().late, 1U);
  EXPECT_EQ(stage.set.keys(), 0U);
  stage.record(38, 2);
  EXPECT_EQ(stage.set.counts().late, 1U);
  stage.record(29, 3);  // touches the session of 38
  EXPECT_EQ(stage.set.counts().late, 1U);
  EXPECT_EQ(stage.watermark(51), (Texts{"[29,48): 2 3 "}));
}

TEST(Sessions, ALateRecordFiresByItself) {
  SessionStage stage(session(10, 0, LateData::fire_per_message));
  stage.watermark(100);
  stage.record(5, 1);
  EXPECT_EQ(stage.take(), (Texts{"[5,15) late: 1 "}));
}

TEST(Sessions, ALateRecordCountsInTheOldestWhichDoesNotGrow) {
  SessionStage stage(session(10, 0, LateData::place_in_oldest_window));
  stage.watermark(100);
  stage.record(150, 1);
  stage.record(120, 2);
  stage.record(5, 3);
  EXPECT_EQ(stage.watermark(160), (Texts{"[120,130): 2 3 ", "[150,160): 1 "}));
}

TEST(Sessions, ALateRecordWithoutAnOpenOneCountsInTheOldestThatIsNotDue) {
  SessionStage stage(session(10, 0, LateData::place_in_oldest_window));
  stage.watermark(100);
  stage.record(5, 3);
  EXPECT_EQ(stage.watermark(101), (Texts{"[91,101): 3 "}));
}

TEST(Sessions, AtTheEndsOfTimeDoNotOverflow) {
  SessionStage stage(session(10, 5));
  stage.record(end_of_time, 1);
  stage.record(end_of_time - 1, 2);
  stage.record(no_time, 3);
  EXPECT_EQ(stage.watermark(0).size(), 1U);
  EXPECT_EQ(stage.end().size(), 1U);
}

}  // namespace
}  // namespace wallaroo::internal
