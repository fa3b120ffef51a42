#include "giles/schedule.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace wallaroo::giles {
namespace {

constexpr std::uint64_t kSecond_ns = 1'000'000'000;
constexpr std::uint64_t kNever_ns = ~std::uint64_t{0} / 2;

TEST(Schedule, ARateIsSpreadEvenly) {
  const Schedule schedule = Schedule::per_second(10'000, 1);
  EXPECT_EQ(schedule.due_ns(0), 0U);
  EXPECT_EQ(schedule.due_ns(1), 100'000U);
  EXPECT_EQ(schedule.due_ns(10'000), kSecond_ns);
}

TEST(Schedule, ARateThatDoesNotDivideASecondNeverDrifts) {
  const Schedule schedule = Schedule::per_second(3, 1);
  EXPECT_EQ(schedule.due_ns(1), 333'333'333U);
  EXPECT_EQ(schedule.due_ns(3'000'000'000), 1'000'000'000 * kSecond_ns);
}

TEST(Schedule, ABatchLeavesAtEachInterval) {
  const Schedule schedule = Schedule::batches(10, 5'000'000);
  EXPECT_EQ(schedule.due_ns(9), 0U);
  EXPECT_EQ(schedule.due_ns(10), 5'000'000U);
  EXPECT_EQ(schedule.due_count(0), 10U);
  EXPECT_EQ(schedule.due_count(4'999'999), 10U);
  EXPECT_EQ(schedule.due_count(5'000'000), 20U);
}

TEST(Schedule, ARateWithBurstsKeepsItsMean) {
  const Schedule schedule = Schedule::per_second(1'000, 100);
  EXPECT_EQ(schedule.due_count(0), 100U);
  EXPECT_EQ(schedule.due_count(99'999'999), 100U);
  EXPECT_EQ(schedule.due_count(100'000'000), 200U);
}

TEST(Schedule, DueCountIsExactlyTheMessagesWhoseTimeHasCome) {
  const std::vector<Schedule> schedules = {Schedule::per_second(1, 1),
                                           Schedule::per_second(7, 3),
                                           Schedule::per_second(1'000'003, 1),
                                           Schedule::per_second(4'000'000'000, 1),
                                           Schedule::per_second(123'457, 1000),
                                           Schedule::batches(5, 3),
                                           Schedule::batches(1, 3'600 * kSecond_ns)};
  for (const Schedule& schedule : schedules) {
    for (const std::uint64_t index : {0ULL, 1ULL, 2ULL, 999ULL, 1'000ULL, 123'456'789ULL}) {
      const std::uint64_t at_ns = schedule.due_ns(index);
      if (at_ns == kNever_ns) continue;
      const std::uint64_t due = schedule.due_count(at_ns);
      EXPECT_GT(due, index);
      EXPECT_LE(schedule.due_ns(due - 1), at_ns);
      EXPECT_GT(schedule.due_ns(due), at_ns);
      if (at_ns > 0) {
        EXPECT_LE(schedule.due_count(at_ns - 1), index);
      }
    }
  }
}

TEST(Schedule, YearsAtAHighRateDoNotOverflow) {
  const Schedule schedule = Schedule::per_second(10'000'000'000, 1);
  const std::uint64_t year_ns = 365ULL * 24 * 3600 * kSecond_ns;
  EXPECT_EQ(schedule.due_count(year_ns), year_ns * 10 + 1 + 9);
}

TEST(Schedule, WhatIsDueInCenturiesIsNeverDue) {
  const Schedule schedule = Schedule::batches(1, 3'600 * kSecond_ns);
  EXPECT_EQ(schedule.due_ns(123'456'789), kNever_ns);
}

TEST(LaneShare, SharesAddUpAndDifferByAtMostOne) {
  for (std::uint64_t total = 0; total < 50; ++total) {
    for (std::uint64_t lanes = 1; lanes < 8; ++lanes) {
      std::uint64_t sum = 0;
      for (std::uint64_t lane = 0; lane < lanes; ++lane) {
        const std::uint64_t share = lane_share(total, lanes, lane);
        EXPECT_LE(share, lane_share(total, lanes, 0));
        EXPECT_GE(share + 1, lane_share(total, lanes, 0));
        sum += share;
      }
      EXPECT_EQ(sum, total);
    }
  }
}

}  // namespace
}  // namespace wallaroo::giles
