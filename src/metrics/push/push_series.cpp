#include "metrics/push/push_series.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace wallaroo::internal {

namespace {

static_assert(LatencyHistogram::bins <= PushHistogram::bins);

std::uint64_t sum(const DurationBins& bins) {
  return std::accumulate(bins.begin(), bins.end(), std::uint64_t{0});
}

/// The bounds of the bins in use, since the exact values are not known.
void set_bounds(PushHistogram& histogram) {
  for (std::size_t bin = 0; bin < PushHistogram::bins; ++bin) {
    if (histogram.in_bin[bin] != 0) {
      const std::uint64_t lowest = bin == 0 ? 0 : std::uint64_t{1} << (bin - 1);
      histogram.min_ns = std::min(histogram.min_ns, lowest);
      histogram.max_ns = bin == 0 ? 0 : lowest + (lowest - 1);
    }
  }
}

}  // namespace

// Each bin gets its share rounded down; the records that are left go to the bins that lost most by
// the rounding.
PushHistogram scaled_histogram(const DurationBins& samples, std::uint64_t records) {
  __extension__ using Wide = unsigned __int128;
  PushHistogram histogram;
  const std::uint64_t all = sum(samples);
  if (records == 0 || all == 0) {
    return histogram;
  }
  std::vector<std::pair<std::uint64_t, std::size_t>> rests;
  std::uint64_t left = records;
  for (std::size_t bin = 0; bin < samples.size(); ++bin) {
    const Wide share = Wide{samples[bin]} * records;
    histogram.in_bin[bin] = static_cast<std::uint64_t>(share / all);
    left -= histogram.in_bin[bin];
    rests.emplace_back(static_cast<std::uint64_t>(share % all), bin);
  }
  std::stable_sort(rests.begin(), rests.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = 0; i < left; ++i) {
    ++histogram.in_bin[rests[i].second];
  }
  set_bounds(histogram);
  return histogram;
}

PushSeries::PushSeries(PushSource source)
    : source_(std::move(source)),
      durations_before_(read_durations()),
      records_before_(total_of(source_.records)) {}

DurationBins PushSeries::read_durations() const {
  DurationBins bins{};
  for (const LatencyHistogram* const histogram : source_.durations) {
    for (std::size_t bin = 0; bin < bins.size(); ++bin) {
      bins[bin] += histogram->in_bin(bin);
    }
  }
  return bins;
}

PushHistogram PushSeries::take() {
  const DurationBins now = read_durations();
  const std::uint64_t records_now = total_of(source_.records);
  DurationBins durations{};
  for (std::size_t bin = 0; bin < now.size(); ++bin) {
    durations[bin] = now[bin] - durations_before_[bin];
  }
  std::uint64_t records = records_now - records_before_;
  if (source_.durations.empty()) {
    durations[0] = records;
  } else if (source_.records.empty()) {
    records = sum(durations);
  }
  if (records == 0 || sum(durations) == 0) {
    return {};
  }
  durations_before_ = now;
  records_before_ = records_now;
  return scaled_histogram(durations, records);
}

}  // namespace wallaroo::internal
