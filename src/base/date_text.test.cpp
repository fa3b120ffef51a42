#include "base/date_text.hpp"

#include <utility>

#include <gtest/gtest.h>

#include "base/times.hpp"

namespace wallaroo::internal {
namespace {

TEST(DateText, IsUtcWithTheFractionThatThereIs) {
  const std::pair<std::int64_t, const char*> cases[] = {
      {0, "1970-01-01T00:00:00Z"},
      {1'700'000'000, "1970-01-01T00:00:01.7Z"},
      {1'700'000'000'000'000'001, "2023-11-14T22:13:20.000000001Z"},
      {-1, "1969-12-31T23:59:59.999999999Z"},
      {no_time + 1, "1677-09-21T00:12:43.145224193Z"},
      {end_of_time - 1, "2262-04-11T23:47:16.854775806Z"},
      {no_time, "none yet"},
      {end_of_time, "the end of the stream"},
  };
  for (const auto& [time, text] : cases) {
    EXPECT_EQ(date_text(time), text);
  }
}

TEST(DurationText, HasTwoUnitsAtMost) {
  const std::pair<std::int64_t, const char*> cases[] = {
      {0, "0 ns"},
      {999, "999 ns"},
      {1'500, "1.5 us"},
      {999'700, "1 ms"},
      {999'400, "999 us"},
      {999'700'000, "1 s"},
      {150'000'000, "150 ms"},
      {3'200'000'000, "3.2 s"},
      {-3'200'000'000, "3.2 s"},
      {119'000'000'000, "119 s"},
      {125'000'000'000, "2 min 5 s"},
      {2 * 3600'000'000'000, "2 h"},
      {7500'000'000'000, "2 h 5 min"},
      {12 * 86400'000'000'000, "12 days"},
      {end_of_time, "106751 days 23 h"},
  };
  for (const auto& [duration, text] : cases) {
    EXPECT_EQ(duration_text(duration), text);
  }
}

}  // namespace
}  // namespace wallaroo::internal
