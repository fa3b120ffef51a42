#include "step/failures/time_unit.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

TEST(TimeUnit, TimesOfOurDaysRaiseNoDoubt) {
  for (const std::int64_t time :
       {631'152'000'000'000'000, 1'700'000'000'000'000'000, 4'102'444'799'999'999'999}) {
    EXPECT_EQ(doubt_about_unit(time), std::nullopt) << time;
  }
}

TEST(TimeUnit, OtherTimesAreReadInTheUnitThatMakesThemTimesOfOurDays) {
  EXPECT_EQ(doubt_about_unit(1'700'000'000),
            "1700000000 is 1970-01-01T00:00:01.7Z as nanoseconds; as seconds it would be "
            "2023-11-14: event_time must return nanoseconds");
  EXPECT_EQ(doubt_about_unit(1'700'000'000'000),
            "1700000000000 is 1970-01-01T00:28:20Z as nanoseconds; as milliseconds it would be "
            "2023-11-14: event_time must return nanoseconds");
  EXPECT_EQ(doubt_about_unit(1'700'000'000'000'000),
            "1700000000000000 is 1970-01-20T16:13:20Z as nanoseconds; as microseconds it would be "
            "2023-11-14: event_time must return nanoseconds");
}

TEST(TimeUnit, TimesThatNoUnitMakesTimesOfOurDaysAreToldAsTheyAre) {
  EXPECT_EQ(doubt_about_unit(0),
            "0 is 1970-01-01T00:00:00Z as nanoseconds: event_time must return nanoseconds since "
            "1970; if such times are meant, ignore this");
  EXPECT_EQ(doubt_about_unit(4'102'444'800'000'000'000),
            "4102444800000000000 is 2100-01-01T00:00:00Z as nanoseconds: event_time must return "
            "nanoseconds since 1970; if such times are meant, ignore this");
  EXPECT_NE(doubt_about_unit(-5), std::nullopt);
}

}  // namespace
}  // namespace wallaroo::internal
