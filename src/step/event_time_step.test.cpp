#include "step/event_time_step.hpp"

#include <chrono>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;
using SystemClock = std::chrono::system_clock;

template <class Duration>
std::int64_t at(Duration since_epoch) {
  return to_event_time(std::chrono::time_point<SystemClock, Duration>(since_epoch));
}

TEST(ToEventTime, TakesTimePointsOfAnyUnitAndClock) {
  EXPECT_EQ(at(5s), 5'000'000'000);
  EXPECT_EQ(at(-3ms), -3'000'000);
  EXPECT_EQ(at(7ns), 7);
  EXPECT_EQ(at(std::chrono::duration<double>(1.5)), 1'500'000'000);
  EXPECT_EQ(at(std::chrono::duration<std::int64_t, std::pico>(2999)), 2);
  EXPECT_EQ(to_event_time(std::chrono::time_point<std::chrono::steady_clock>(9ns)), 9);
}

TEST(ToEventTime, BeyondTheRangeIsTheLastMomentOfIt) {
  EXPECT_EQ(at(std::chrono::hours(24 * 365 * 1000)), end_of_time);
  EXPECT_EQ(at(std::chrono::hours(-24 * 365 * 1000)), no_time);
  EXPECT_EQ(at(std::chrono::seconds::max()), end_of_time);
  EXPECT_EQ(at(std::chrono::seconds::min()), no_time);
  EXPECT_EQ(at(std::chrono::duration<double>(std::numeric_limits<double>::infinity())),
            end_of_time);
}

TEST(ToEventTime, WhatIsNoNumberIsBeyondTheEndWhereItIsRefused) {
  EXPECT_EQ(at(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())),
            end_of_time);
}

TEST(ToEventTime, TakesIntegersAsNanoseconds) {
  EXPECT_EQ(to_event_time(std::int64_t{-5}), -5);
  EXPECT_EQ(to_event_time(std::uint32_t{7}), 7);
  EXPECT_EQ(to_event_time(std::numeric_limits<std::uint64_t>::max()), end_of_time);
}

}  // namespace
}  // namespace wallaroo::internal
