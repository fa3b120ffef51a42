#include "run/task/poll_time.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

class PollTimeTest : public testing::Test {
 protected:
  // Delivers batches that take so long each, until the poll is over or `most` of them are.
  int batches_until_over(std::int64_t batch_ns, int most) {
    int batches = 0;
    while (!time_.over() && batches < most) {
      clock_.advance(std::chrono::nanoseconds(batch_ns));
      time_.delivered();
      ++batches;
    }
    return batches;
  }

  ManualClock clock_;
  PollTime time_{clock_};
};

TEST_F(PollTimeTest, ASlowBatchEndsThePollAtOnce) {
  time_.begin();
  EXPECT_EQ(batches_until_over(PollTime::longest_ns, 100), 1);
}

TEST_F(PollTimeTest, BatchesThatAreNotBriefAreTimedEachAndAddUp) {
  time_.begin();
  EXPECT_EQ(batches_until_over(PollTime::longest_ns / 4, 100), 4);
}

TEST_F(PollTimeTest, BriefBatchesEndThePollWithinOneMeasurementOfItsTime) {
  time_.begin();
  const std::int64_t batch_ns = PollTime::brief_ns / 10;
  const auto needed = static_cast<int>(PollTime::longest_ns / batch_ns);
  const int batches = batches_until_over(batch_ns, 10 * needed);
  EXPECT_GE(batches, needed);
  EXPECT_LE(batches, needed + PollTime::unmeasured + 1);
}

TEST_F(PollTimeTest, SlowBatchesBehindBriefOnesAreNoticedAfterThoseThatAreNotTimed) {
  time_.begin();
  EXPECT_EQ(batches_until_over(1, 1), 1);
  EXPECT_EQ(batches_until_over(PollTime::longest_ns, 100), 2);
  time_.begin();
  EXPECT_EQ(batches_until_over(1, 1 + 2 + 4 + 8), 15);
  EXPECT_EQ(batches_until_over(PollTime::longest_ns, 100), PollTime::unmeasured + 1);
}

TEST_F(PollTimeTest, ThatOtherTasksHaveSomethingToDoIsNotForgottenByALookAtTheClock) {
  time_.begin();
  time_.give_way();
  time_.delivered();
  EXPECT_TRUE(time_.over());
}

TEST_F(PollTimeTest, TheNextPollStartsAnew) {
  time_.begin();
  batches_until_over(PollTime::longest_ns, 1);
  EXPECT_TRUE(time_.over());
  time_.end();
  EXPECT_FALSE(time_.over());
  time_.begin();
  EXPECT_EQ(batches_until_over(PollTime::longest_ns, 100), 1);
}

TEST_F(PollTimeTest, WhatIsDeliveredOutsideOfAPollIsNeverOver) {
  EXPECT_EQ(batches_until_over(PollTime::longest_ns, 10), 10);
  time_.begin();
  time_.end();
  EXPECT_EQ(batches_until_over(PollTime::longest_ns, 10), 10);
}

}  // namespace
}  // namespace wallaroo::internal
