#include "window/joins/join_settings.hpp"

#include <gtest/gtest.h>
#include <wallaroo/types/error.hpp>

#include "base/times.hpp"

namespace wallaroo::internal {
namespace {

std::string refusal(const JoinSettings& settings) {
  try {
    check_join_settings("orders with payments", settings);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(JoinSettings, BoundsMayBeNegativeAndEqual) {
  EXPECT_EQ(refusal({.lower_ns = -5, .upper_ns = -5}), "");
  EXPECT_EQ(refusal({.lower_ns = -5, .upper_ns = 5, .delay_ns = 3}), "");
}

TEST(JoinSettings, AnEmptyIntervalIsRefusedByTheNameOfTheStage) {
  EXPECT_EQ(refusal({.lower_ns = 5, .upper_ns = 4}),
            "stage 'orders with payments': the join's lower bound of 5 ns is above its upper bound "
            "of 4 ns, so nothing would match; swap them");
}

TEST(JoinSettings, ANegativeDelayIsRefused) {
  EXPECT_EQ(refusal({.delay_ns = -1}),
            "stage 'orders with payments': the join's delay must not be negative, but is -1 ns");
}

TEST(JoinSettings, ATimeOutOfNothingIsRefused) {
  EXPECT_EQ(refusal({.timeout_ns = 0}),
            "stage 'orders with payments': the join's time-out must be greater than zero, but is 0 "
            "ns");
  EXPECT_EQ(refusal({.timeout_ns = 1}), "");
}

TEST(JoinSettings, APolicyOfWindowsIsRefused) {
  EXPECT_EQ(refusal({.late = LateData::place_in_oldest_window}),
            "stage 'orders with payments': a join has no windows in which late records could be "
            "placed; use drop, fire_per_message or to_stream");
  EXPECT_EQ(refusal({.late = LateData::fire_per_message}), "");
  EXPECT_EQ(refusal({.late = LateData::to_stream}), "");
}

TEST(JoinTimes, PartnersOfOneSideAreThoseOfTheOtherSeenFromThere) {
  const JoinTimes times({.lower_ns = -2, .upper_ns = 5});
  EXPECT_EQ(times.left.partners(100), (TimeSpan{98, 105}));
  EXPECT_EQ(times.right.partners(100), (TimeSpan{95, 102}));
}

TEST(JoinTimes, PartnersEndWithTheRangeOfTimes) {
  const JoinTimes around({.lower_ns = -2, .upper_ns = 5});
  EXPECT_EQ(around.left.partners(end_of_time - 1), (TimeSpan{end_of_time - 3, end_of_time}));
  EXPECT_EQ(around.left.partners(no_time + 1), (TimeSpan{no_time, no_time + 6}));
  const JoinTimes after({.lower_ns = 3, .upper_ns = 5});
  EXPECT_GT(after.left.partners(end_of_time - 2).first, after.left.partners(end_of_time - 2).last);
  EXPECT_GT(after.right.partners(no_time + 2).first, after.right.partners(no_time + 2).last);
}

TEST(JoinTimes, ARecordLeavesWhenTheWatermarkIsBeyondAllItCouldMatchAndTheDelay) {
  const JoinTimes times({.lower_ns = -2, .upper_ns = 5, .delay_ns = 10});
  EXPECT_EQ(times.left.leaves(100), 116);
  EXPECT_EQ(times.right.leaves(100), 113);
  EXPECT_EQ(times.left.earliest_leaving_at(116), 100);
  EXPECT_EQ(times.left.leaves(end_of_time - 3), end_of_time);
  const JoinTimes endless({.lower_ns = no_time, .upper_ns = end_of_time, .delay_ns = 10});
  EXPECT_EQ(endless.left.leaves(100), end_of_time);
  EXPECT_EQ(endless.right.leaves(100), end_of_time);
}

TEST(JoinTimes, NothingLeavesBeforeThereIsAWatermark) {
  const JoinTimes before({.lower_ns = -5, .upper_ns = -3});
  EXPECT_EQ(before.left.leaves(no_time + 1), no_time + 1);
  EXPECT_EQ(before.left.earliest_leaving_at(no_time + 1), no_time);
  EXPECT_EQ(before.left.earliest_alone(no_time), no_time);
  EXPECT_EQ(before.first_on_time(no_time), no_time);
}

TEST(JoinTimes, ARecordThatIsNotBehindTheWatermarkIsNeverLate) {
  const JoinTimes after({.lower_ns = 3, .upper_ns = 5});
  EXPECT_EQ(after.right.leaves(100), 98);    // it need not wait at 100,
  EXPECT_EQ(after.first_on_time(100), 100);  // but is not late
  const JoinTimes delayed({.lower_ns = -3, .upper_ns = 5, .delay_ns = 10});
  EXPECT_EQ(delayed.first_on_time(100), 90);
}

TEST(JoinTimes, ARecordIsLateExactlyWhenItsFirstPartnerMayHaveLeft) {
  for (const JoinSettings& settings :
       {JoinSettings{.lower_ns = -2, .upper_ns = 5, .delay_ns = 4}, JoinSettings{.upper_ns = 5},
        JoinSettings{.lower_ns = 3, .upper_ns = 5}, JoinSettings{.lower_ns = -9, .upper_ns = -4}}) {
    const JoinTimes times(settings);
    for (std::int64_t watermark = 80; watermark < 120; ++watermark) {
      const bool late = 100 < times.first_on_time(watermark);
      EXPECT_EQ(late, times.right.leaves(100 + settings.lower_ns) <= watermark);
      EXPECT_EQ(late, times.left.leaves(100 - settings.upper_ns) <= watermark);
    }
  }
}

TEST(JoinTimes, ARecordLeavesWithoutAPartnerAtMostItsWaitBehindTheWatermark) {
  const JoinTimes times({.lower_ns = -2, .upper_ns = 5, .delay_ns = 10});
  EXPECT_EQ(times.left.earliest_alone(100), 85);
  EXPECT_EQ(times.right.earliest_alone(100), 88);
  const JoinTimes after({.lower_ns = 3, .upper_ns = 5});
  EXPECT_EQ(after.right.earliest_alone(100), 100);  // those that do not wait are not late
}

TEST(JoinTimes, AtTheEndOfTimeEverythingIsLateAndNothingFollows) {
  const JoinTimes times({.lower_ns = -2, .upper_ns = 5});
  EXPECT_EQ(times.first_on_time(end_of_time), end_of_time);
  EXPECT_EQ(times.left.earliest_alone(end_of_time), end_of_time);
}

}  // namespace
}  // namespace wallaroo::internal
