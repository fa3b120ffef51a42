#include "ui/history/percentiles.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

namespace wallaroo::internal {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

double total_of(const BinArray& bins) { return std::accumulate(bins.begin(), bins.end(), 0.0); }

double lower_bound_seconds(std::size_t bin) {
  return bin == 0 ? 0 : HistogramBins::upper_bound_seconds(bin - 1);
}

/// The mean of the known ones among the last five.
double recent_mean(const std::vector<float>& points) {
  constexpr std::size_t recent = 5;
  double sum = 0;
  int known = 0;
  for (std::size_t i = points.size() - std::min(recent, points.size()); i < points.size(); ++i) {
    if (!std::isnan(points[i])) {
      sum += static_cast<double>(points[i]);
      ++known;
    }
  }
  return known == 0 ? none : sum / known;
}

}  // namespace

double quantile(const BinArray& bins, double rank) {
  const double wanted = rank * total_of(bins);
  double below = 0;
  for (std::size_t bin = 0; bin < bins.size(); ++bin) {
    if (bins[bin] > 0 && below + bins[bin] >= wanted) {
      const double from = lower_bound_seconds(bin);
      const double to = HistogramBins::upper_bound_seconds(bin);
      return from + (to - from) * (wanted - below) / bins[bin];
    }
    below += bins[bin];
  }
  return none;
}

Percentiles percentiles(const BinArray& bins) {
  Percentiles result;
  result.count = total_of(bins);
  for (std::size_t i = 0; i < Percentiles::ranks.size(); ++i) {
    result.seconds[i] = quantile(bins, Percentiles::ranks[i].second);
  }
  result.max = none;
  for (std::size_t bin = 0; bin < bins.size(); ++bin) {
    result.max = bins[bin] > 0 ? HistogramBins::upper_bound_seconds(bin) : result.max;
  }
  return result;
}

void write(JsonText& json, const Percentiles& figures) {
  json.begin_object().member("count", static_cast<std::uint64_t>(figures.count));
  for (std::size_t i = 0; i < Percentiles::ranks.size(); ++i) {
    json.member(Percentiles::ranks[i].first, static_cast<float>(figures.seconds[i]));
  }
  json.member("max", static_cast<float>(figures.max)).end_object();
}

RateFigures rate_figures(std::vector<float> points) {
  RateFigures result{recent_mean(points), none, none, none};
  std::erase_if(points, [](float point) { return std::isnan(point); });
  if (points.empty()) {
    return result;
  }
  std::sort(points.begin(), points.end());
  const std::size_t half = points.size() / 2;
  result.min = static_cast<double>(points.front());
  result.max = static_cast<double>(points.back());
  result.median =
      points.size() % 2 == 1
          ? static_cast<double>(points[half])
          : (static_cast<double>(points[half - 1]) + static_cast<double>(points[half])) / 2;
  return result;
}

void write(JsonText& json, const RateFigures& figures) {
  json.begin_object().member("now", static_cast<float>(figures.now));
  json.member("min", static_cast<float>(figures.min));
  json.member("median", static_cast<float>(figures.median));
  json.member("max", static_cast<float>(figures.max)).end_object();
}

}  // namespace wallaroo::internal
