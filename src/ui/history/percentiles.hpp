// Percentiles of latency histograms, and figures of throughput. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "metrics/histogram_bins.hpp"
#include "ui/json/json_text.hpp"

namespace wallaroo::internal {

using BinArray = std::array<double, HistogramBins::count>;

/// The percentiles that the documents name, in seconds.
struct Percentiles {
  static constexpr std::array<std::pair<const char*, double>, 7> ranks{{{"p50", 0.5},
                                                                        {"p75", 0.75},
                                                                        {"p90", 0.9},
                                                                        {"p95", 0.95},
                                                                        {"p99", 0.99},
                                                                        {"p99.9", 0.999},
                                                                        {"p99.99", 0.9999}}};
  double count = 0;
  std::array<double, ranks.size()> seconds{};  ///< NaN without a count
  double max = 0;                              ///< upper bound of the last bin that is not empty
};

/// The value below which that share of the counts lies, interpolated within its bin; NaN without a
/// count.
double quantile(const BinArray& bins, double rank);
Percentiles percentiles(const BinArray& bins);
void write(JsonText& json, const Percentiles& figures);

/// What a rate was over some points; NaN without one that is known.
struct RateFigures {
  double now = 0;  ///< mean of the last five points
  double min = 0;
  double median = 0;
  double max = 0;
};
/// `points` in the order of time; those that are missing are NaN.
RateFigures rate_figures(std::vector<float> points);
void write(JsonText& json, const RateFigures& figures);

}  // namespace wallaroo::internal
