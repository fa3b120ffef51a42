#include "giles/units.hpp"

#include <gtest/gtest.h>

#include <string>

#include "giles/error.hpp"

namespace wallaroo::giles {
namespace {

std::uint64_t duration(std::string_view text) {
  return parse_duration_ns(text, BareNumber::kIsNanoseconds);
}

TEST(Units, DurationsHaveUnits) {
  EXPECT_EQ(duration("7ns"), 7U);
  EXPECT_EQ(duration("7us"), 7'000U);
  EXPECT_EQ(duration("5ms"), 5'000'000U);
  EXPECT_EQ(duration("1.5s"), 1'500'000'000U);
  EXPECT_EQ(duration("2m"), 120'000'000'000U);
  EXPECT_EQ(duration("1h"), 3'600'000'000'000U);
}

TEST(Units, ABareNumberIsNanosecondsOnlyWhereThatIsUsual) {
  EXPECT_EQ(duration("10_000_000"), 10'000'000U);
  EXPECT_THROW(parse_duration_ns("30", BareNumber::kIsRefused), UsageError);
}

TEST(Units, WhatIsNoDurationIsRefused) {
  for (const char* text : {"", "ms", "-5ms", "5 ms", "5msx", "1.2.3s", "0x5s", "nans", "_",
                           "18446744073709551616", "99999999999999h"}) {
    EXPECT_THROW(duration(text), UsageError) << text;
  }
}

TEST(Units, RatesTakeAnOptionalPerSecondAndAScale) {
  EXPECT_EQ(parse_rate("10000"), 10'000U);
  EXPECT_EQ(parse_rate("10000/s"), 10'000U);
  EXPECT_EQ(parse_rate("10k/s"), 10'000U);
  EXPECT_EQ(parse_rate("1.5M/s"), 1'500'000U);
  for (const char* text : {"", "/s", "0", "0.2/s", "10/m", "-1", "1e3", "10//s"}) {
    EXPECT_THROW(parse_rate(text), UsageError) << text;
  }
}

TEST(Units, CountsAreExactUpToTheLargest) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("1_000_000"), 1'000'000U);
  EXPECT_EQ(parse_count("2.5M"), 2'500'000U);
  EXPECT_EQ(parse_count("18446744073709551615"), 18'446'744'073'709'551'615U);
  EXPECT_THROW(parse_count("18446744073709551616"), UsageError);
  EXPECT_THROW(parse_count("20000000000G"), UsageError);
  EXPECT_THROW(parse_count("ten"), UsageError);
}

TEST(Units, AmountsAreShownForPeople) {
  EXPECT_EQ(format_duration(850), "850 ns");
  EXPECT_EQ(format_duration(12'340), "12.3 us");
  EXPECT_EQ(format_duration(4'560'000), "4.56 ms");
  EXPECT_EQ(format_duration(1'230'000'000), "1.23 s");
  EXPECT_EQ(format_bytes(12), "12 B");
  EXPECT_EQ(format_bytes(34'500), "34.5 kB");
  EXPECT_EQ(format_bytes(6.78e6), "6.78 MB");
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace wallaroo::giles
