#include "base/people_numbers.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

TEST(PeopleNumbers, HaveThreeDigitsAndAUnit) {
  const std::pair<double, const char*> cases[] = {
      {0, "0"},           {0.25, "0.3"},          {7, "7"},
      {7.04, "7"},        {99.96, "100"},         {999, "999"},
      {999.6, "1 k"},     {1'300, "1.3 k"},       {14'000, "14 k"},
      {123'456, "123 k"}, {12'400'000, "12.4 M"}, {7e9, "7 G"},
      {1.5e12, "1.5 T"},  {2e15, "2000 T"},
  };
  for (const auto& [number, text] : cases) {
    EXPECT_EQ(people_count(number), text);
  }
  EXPECT_EQ(people_bytes(950), "950 B");
  EXPECT_EQ(people_bytes(12'400'000), "12.4 MB");
  EXPECT_EQ(people_records(1), "1 record");
  EXPECT_EQ(people_records(0), "0 records");
  EXPECT_EQ(people_records(40'000), "40 k records");
}

}  // namespace
}  // namespace wallaroo::internal
