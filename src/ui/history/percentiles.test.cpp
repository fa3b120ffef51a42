#include "ui/history/percentiles.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();

TEST(Percentiles, OfNothingAreUnknown) {
  const Percentiles none = percentiles({});
  EXPECT_EQ(none.count, 0);
  EXPECT_TRUE(std::isnan(none.seconds[0]));
  EXPECT_TRUE(std::isnan(none.max));
}

TEST(Percentiles, AreInterpolatedWithinABin) {
  BinArray bins{};
  bins[1] = 100;  // from 1.024 us to 2.048 us
  EXPECT_DOUBLE_EQ(quantile(bins, 0.5), 1.536e-6);
  EXPECT_DOUBLE_EQ(quantile(bins, 1), 2.048e-6);
}

TEST(Percentiles, AreInTheBinWhereTheyBelong) {
  BinArray bins{};
  bins[0] = 90;
  bins[10] = 9;
  bins[24] = 1;
  const Percentiles found = percentiles(bins);
  EXPECT_EQ(found.count, 100);
  EXPECT_LT(found.seconds[0], HistogramBins::upper_bound_seconds(0));          // p50
  EXPECT_DOUBLE_EQ(found.seconds[2], HistogramBins::upper_bound_seconds(0));   // p90
  EXPECT_DOUBLE_EQ(found.seconds[4], HistogramBins::upper_bound_seconds(10));  // p99
  EXPECT_GT(found.seconds[5], HistogramBins::upper_bound_seconds(23));         // p99.9
  EXPECT_DOUBLE_EQ(found.max, HistogramBins::upper_bound_seconds(24));
}

TEST(RateFigures, AreOfTheKnownPoints) {
  const RateFigures found = rate_figures({5, missing, 1, 3, missing});
  EXPECT_EQ(found.min, 1);
  EXPECT_EQ(found.median, 3);
  EXPECT_EQ(found.max, 5);
  EXPECT_EQ(found.now, 3);
}

TEST(RateFigures, NowIsTheMeanOfFive) {
  EXPECT_EQ(rate_figures({1000, 1, 2, 3, 4, 5}).now, 3);
  EXPECT_EQ(rate_figures({1, 2}).median, 1.5);
  EXPECT_TRUE(std::isnan(rate_figures({}).now));
  EXPECT_TRUE(std::isnan(rate_figures({missing}).median));
}

}  // namespace
}  // namespace wallaroo::internal
