#include "giles/latency_histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace wallaroo::giles {
namespace {

TEST(LatencyHistogram, AnEmptyOneTellsZero) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min_ns(), 0U);
  EXPECT_EQ(histogram.max_ns(), 0U);
  EXPECT_EQ(histogram.quantile_ns(0.5), 0U);
  EXPECT_EQ(histogram.mean_ns(), 0.0);
}

TEST(LatencyHistogram, OneValueIsEveryQuantile) {
  LatencyHistogram histogram;
  histogram.record(123'456);
  for (const double fraction : {0.0, 0.5, 0.9999, 1.0}) {
    EXPECT_EQ(histogram.quantile_ns(fraction), 123'456U);
  }
}

TEST(LatencyHistogram, QuantilesAreAtMostHalfAPercentAboveTheExactOnes) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> latency(std::log(50'000.0), 1.5);
  std::vector<std::uint64_t> exact;
  LatencyHistogram histogram;
  for (int i = 0; i < 100'000; ++i) {
    exact.push_back(static_cast<std::uint64_t>(latency(random)) + 100);
    histogram.record(exact.back());
  }
  std::sort(exact.begin(), exact.end());
  for (const double fraction : {0.01, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    const auto rank = static_cast<std::size_t>(std::ceil(fraction * 100'000));
    const auto wanted = static_cast<double>(exact[rank - 1]);
    const auto told = static_cast<double>(histogram.quantile_ns(fraction));
    EXPECT_GE(told, wanted) << fraction;
    EXPECT_LE(told, wanted * 1.0051 + 1) << fraction;
  }
  EXPECT_EQ(histogram.min_ns(), exact.front());
  EXPECT_EQ(histogram.max_ns(), exact.back());
}

TEST(LatencyHistogram, OneSlowRecordInTenThousandIsTheMaximumAndNotTheMedian) {
  LatencyHistogram histogram;
  for (int i = 0; i < 9'999; ++i) histogram.record(1'000);
  histogram.record(5'000'000'000);
  EXPECT_EQ(histogram.max_ns(), 5'000'000'000U);
  EXPECT_LE(histogram.quantile_ns(0.9999), 1'006U);
  EXPECT_EQ(histogram.quantile_ns(1.0), 5'000'000'000U);
}

TEST(LatencyHistogram, ValuesOutsideItsRangeStillCount) {
  LatencyHistogram histogram;
  histogram.record(0);
  histogram.record(0);
  histogram.record(9'000'000'000'000'000);
  EXPECT_EQ(histogram.count(), 3U);
  EXPECT_LE(histogram.quantile_ns(0.5), 100U);
  EXPECT_EQ(histogram.quantile_ns(0.99), 9'000'000'000'000'000U);
}

}  // namespace
}  // namespace wallaroo::giles
