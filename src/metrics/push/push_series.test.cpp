#include "metrics/push/push_series.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wallaroo::internal {
namespace {

std::uint64_t total(const PushHistogram& histogram) {
  return std::accumulate(histogram.in_bin.begin(), histogram.in_bin.end(), std::uint64_t{0});
}

TEST(APushedSeries, CountsDurationsByTheirBitLength) {
  LatencyHistogram durations;
  PushSeries series({{}, {&durations}, {}});
  for (const std::int64_t ns : {0, 1, 2, 3, 4, 1023, 1024}) {
    durations.record(ns);
  }
  const PushHistogram histogram = series.take();
  EXPECT_EQ(histogram.in_bin[0], 1U);
  EXPECT_EQ(histogram.in_bin[1], 1U);
  EXPECT_EQ(histogram.in_bin[2], 2U);
  EXPECT_EQ(histogram.in_bin[3], 1U);
  EXPECT_EQ(histogram.in_bin[10], 1U);
  EXPECT_EQ(histogram.in_bin[11], 1U);
  EXPECT_EQ(total(histogram), 7U);
  EXPECT_EQ(histogram.min_ns, 0U);
  EXPECT_EQ(histogram.max_ns, 2047U);
}

TEST(APushedSeries, ShowsOnlyItsOwnPeriod) {
  LatencyHistogram one;
  LatencyHistogram other;
  one.record(100);
  PushSeries series({{}, {&one, &other}, {}});
  EXPECT_EQ(total(series.take()), 0U);
  one.record(100);
  other.record(100, 3);
  const PushHistogram histogram = series.take();
  EXPECT_EQ(histogram.in_bin[7], 4U);
  EXPECT_EQ(histogram.min_ns, 64U);
  EXPECT_EQ(histogram.max_ns, 127U);
  const PushHistogram empty = series.take();
  EXPECT_EQ(total(empty), 0U);
  EXPECT_EQ(empty.min_ns, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(empty.max_ns, 0U);
}

TEST(APushedSeries, WithoutDurationsHasTheValueZeroForEachRecord) {
  Counter one;
  Counter other;
  PushSeries series({{}, {}, {&one, &other}});
  one.add(7);
  other.add(2);
  const PushHistogram histogram = series.take();
  EXPECT_EQ(histogram.in_bin[0], 9U);
  EXPECT_EQ(total(histogram), 9U);
  EXPECT_EQ(histogram.min_ns, 0U);
  EXPECT_EQ(histogram.max_ns, 0U);
}

TEST(APushedSeries, ScalesWhatWasTimedUpToAllRecords) {
  LatencyHistogram durations;
  Counter records;
  PushSeries series({{}, {&durations}, {&records}});
  records.add(1'000'000);
  durations.record(100, 3);
  durations.record(5000, 1);
  const PushHistogram histogram = series.take();
  EXPECT_EQ(histogram.in_bin[7], 750'000U);
  EXPECT_EQ(histogram.in_bin[13], 250'000U);
}

TEST(APushedSeries, KeepsRecordsForTheNextPeriodWhileNoneWasTimed) {
  LatencyHistogram durations;
  Counter records;
  PushSeries series({{}, {&durations}, {&records}});
  records.add(10);
  EXPECT_EQ(total(series.take()), 0U);
  records.add(5);
  durations.record(1);
  EXPECT_EQ(series.take().in_bin[1], 15U);
  durations.record(1);
  EXPECT_EQ(total(series.take()), 0U) << "timed, and not yet counted";
  records.add(2);
  EXPECT_EQ(series.take().in_bin[1], 2U);
}

RC_GTEST_PROP(AScaledHistogram, HasEveryRecordOnceAndNoOtherShareThanTheSamples, ()) {
  DurationBins samples{};
  for (int i = *rc::gen::inRange(1, 12); i > 0; --i) {
    samples[*rc::gen::inRange<std::size_t>(0, samples.size())] +=
        *rc::gen::inRange<std::uint64_t>(1, 1'000'000);
  }
  const auto all = std::accumulate(samples.begin(), samples.end(), std::uint64_t{0});
  const auto records = *rc::gen::inRange<std::uint64_t>(1, 1'000'000'000'000);
  const PushHistogram histogram = scaled_histogram(samples, records);
  RC_ASSERT(total(histogram) == records);
  for (std::size_t bin = 0; bin < samples.size(); ++bin) {
    const double exact =
        static_cast<double>(samples[bin]) * static_cast<double>(records) / static_cast<double>(all);
    RC_ASSERT(std::abs(static_cast<double>(histogram.in_bin[bin]) - exact) < 1.01);
    RC_ASSERT(samples[bin] != 0 || histogram.in_bin[bin] == 0U);
  }
}

TEST(AScaledHistogram, OfGreatNumbersDoesNotOverflow) {
  DurationBins samples{};
  samples[3] = std::uint64_t{1} << 62;
  samples[47] = std::uint64_t{1} << 62;
  const PushHistogram histogram = scaled_histogram(samples, std::uint64_t{1} << 63);
  EXPECT_EQ(histogram.in_bin[3], std::uint64_t{1} << 62);
  EXPECT_EQ(histogram.in_bin[47], std::uint64_t{1} << 62);
  EXPECT_EQ(histogram.min_ns, 4U);
  EXPECT_EQ(histogram.max_ns, (std::uint64_t{1} << 47) - 1);
}

}  // namespace
}  // namespace wallaroo::internal
