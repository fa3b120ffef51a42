// The bins of a latency histogram as readers get them, with the same bounds for every series.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "metrics/counter.hpp"

namespace wallaroo::internal {

/// Latencies from below 1.024 us (2^10 ns) to 17.2 s (2^34 ns), each bound twice the one before.
/// Latencies below the first bound are in the first bin. Those above the last bound are in no bin,
/// but are part of `total`.
struct HistogramBins {
  static constexpr std::size_t first = 10;
  static constexpr std::size_t last = 34;
  static constexpr std::size_t count = last - first + 1;

  std::array<std::uint64_t, count> in_bin{};
  std::uint64_t total = 0;
  double sum_seconds = 0;

  static constexpr double upper_bound_seconds(std::size_t index) {
    return static_cast<double>(LatencyHistogram::upper_bound_ns(first + index)) / 1e9;
  }
};

/// Reads every bin once, so that `total` is the sum of the values read even while counting goes on.
inline HistogramBins read_bins(const LatencyHistogram& histogram) {
  HistogramBins result;
  for (std::size_t bin = 0; bin < LatencyHistogram::bins; ++bin) {
    const std::uint64_t n = histogram.in_bin(bin);
    result.total += n;
    if (bin <= HistogramBins::last) {
      result.in_bin[bin < HistogramBins::first ? 0 : bin - HistogramBins::first] += n;
    }
  }
  result.sum_seconds = histogram.sum_ns() / 1e9;
  return result;
}

}  // namespace wallaroo::internal
