#include "window/time/greatest_time.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

constexpr std::int64_t bound = 100;

struct Taken {
  std::int64_t believed = no_time;
  std::uint32_t not_believed = 0;
};

Taken after(const std::vector<std::int64_t>& times, std::int64_t reference = end_of_time) {
  GreatestTime greatest;
  greatest.start_first(reference);
  std::uint32_t not_believed = 0;
  for (const std::int64_t time : times) {
    not_believed += greatest.take(time, bound);
  }
  return {greatest.believed(), not_believed};
}

TEST(GreatestTime, IsTheGreatestOfThoseThatAreNotFarAhead) {
  EXPECT_EQ(after({}).believed, no_time);
  EXPECT_EQ(after({5}).believed, 5);
  EXPECT_EQ(after({5, 105, 60, 205}).believed, 205);
}

TEST(GreatestTime, DoesNotFollowARecordThatNoOtherOneConfirms) {
  EXPECT_EQ(after({5, 3000}).believed, 5);
  const Taken taken = after({5, 3000, 6, 3001, 3002, 7});
  EXPECT_EQ(taken.believed, 7);
  EXPECT_EQ(taken.not_believed, 3U);
}

TEST(GreatestTime, FollowsAJumpThatEnoughRecordsInARowConfirm) {
  std::vector<std::int64_t> times{5};
  times.resize(GreatestTime::enough, 3000);
  EXPECT_EQ(after(times).believed, 5);
  times.push_back(3001);
  EXPECT_EQ(after(times).believed, 3001);
  times.insert(times.begin() + 500, 6);
  EXPECT_EQ(after(times).believed, 6) << "another record took votes from it";
  times.push_back(3001);
  EXPECT_EQ(after(times).believed, 6);
  times.push_back(3001);
  EXPECT_EQ(after(times).believed, 3001);
}

TEST(GreatestTime, FollowsAJumpAmongStragglersButNotAClockThatMakesTwoThirdsOfTheRecords) {
  std::vector<std::int64_t> stragglers{5};
  std::vector<std::int64_t> wrong{5};
  for (int i = 0; i < 1100; ++i) {
    stragglers.push_back(i % 50 == 0 ? 5 : 3000);
  }
  for (int i = 0; i < 10'000; ++i) {
    wrong.push_back(i % 3 == 0 ? 6 : 3000);
  }
  EXPECT_EQ(after(stragglers).believed, 3000);
  EXPECT_EQ(after(wrong).believed, 6);
}

TEST(GreatestTime, TellsOfAllRecordsOfAJumpThatLostItsVotes) {
  std::vector<std::int64_t> times(11, 3000);
  times.front() = 5;
  times.resize(16, 6);
  EXPECT_EQ(after(times).not_believed, 10U);
}

TEST(GreatestTime, OfAnArchiveFollowsNoSingleRecordEitherThatIsFarAheadButBeforeNow) {
  EXPECT_EQ(after({5, 3000, 6, 7}, 1'000'000).believed, 7);
}

TEST(GreatestTime, FollowsAJumpAfterWhichRecordsGoOnForLongerThanTheBound) {
  EXPECT_EQ(after({5, 3000, 3050, 3100}).believed, 5);
  EXPECT_EQ(after({5, 3000, 3050, 3101}).believed, 3101);
}

TEST(GreatestTime, OfSparseRecordsIsOneBehind) {
  EXPECT_EQ(after({0, 1000, 2000, 3000}).believed, 2000);
}

TEST(GreatestTime, HoldsTheFirstRecordAgainstTheReference) {
  EXPECT_EQ(after({5}, 0).believed, 5);
  EXPECT_EQ(after({-5000}, 0).believed, -5000) << "an archive";
  EXPECT_EQ(after({3000}, 0).believed, no_time);
  EXPECT_EQ(after({3000, 50, 60}, 0).believed, 60);
  EXPECT_EQ(after({3000, 3050, 3101}, 0).believed, 3101);
}

TEST(GreatestTime, NeedsNoConfirmationUpToWhatOthersHaveReached) {
  GreatestTime greatest;
  greatest.start_first(end_of_time);
  greatest.take(5, bound);
  greatest.start(3000);
  greatest.take(3050, bound);
  EXPECT_EQ(greatest.believed(), 3050);
}

TEST(GreatestTime, AtTheEndBelievesWhatNoRecordContradicted) {
  GreatestTime greatest;
  greatest.start_first(end_of_time);
  greatest.take(5, bound);
  greatest.take(3000, bound);
  EXPECT_EQ(greatest.furthest(), 3000);
  greatest.believe();
  EXPECT_EQ(greatest.believed(), 3000);
}

TEST(GreatestTime, WithoutABoundBelievesEveryTime) {
  GreatestTime greatest;
  greatest.start(0);
  for (const std::int64_t time : {std::int64_t{-7}, std::int64_t{5}, end_of_time - 1}) {
    EXPECT_EQ(greatest.limit(end_of_time), end_of_time);
    greatest.take(time, end_of_time);
    EXPECT_EQ(greatest.believed(), time);
  }
}

}  // namespace
}  // namespace wallaroo::internal
