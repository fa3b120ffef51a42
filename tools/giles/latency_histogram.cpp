#include "giles/latency_histogram.hpp"

#include <algorithm>
#include <boost/histogram/axis/regular.hpp>
#include <boost/histogram/histogram.hpp>
#include <boost/histogram/make_histogram.hpp>
#include <cmath>
#include <vector>

namespace wallaroo::giles {
namespace {

namespace bh = boost::histogram;

using Axis = bh::axis::regular<double, bh::axis::transform::log>;

constexpr double kLowest_ns = 100;
constexpr double kHighest_ns = 1e12;
constexpr double kBinWidth = 0.005;

Axis make_axis() {
  const auto bins = std::ceil(std::log(kHighest_ns / kLowest_ns) / std::log1p(kBinWidth));
  return {static_cast<unsigned>(bins), kLowest_ns, kHighest_ns};
}

}  // namespace

struct LatencyHistogram::Bins {
  decltype(bh::make_histogram_with(std::vector<std::uint64_t>(), Axis())) counts =
      bh::make_histogram_with(std::vector<std::uint64_t>(), make_axis());
};

LatencyHistogram::LatencyHistogram() : bins_(std::make_unique<Bins>()) {}
LatencyHistogram::~LatencyHistogram() = default;
LatencyHistogram::LatencyHistogram(LatencyHistogram&&) noexcept = default;
LatencyHistogram& LatencyHistogram::operator=(LatencyHistogram&&) noexcept = default;

void LatencyHistogram::record(std::uint64_t latency_ns) {
  bins_->counts(static_cast<double>(latency_ns));
  ++count_;
  min_ns_ = std::min(min_ns_, latency_ns);
  max_ns_ = std::max(max_ns_, latency_ns);
  sum_ns_ += static_cast<double>(latency_ns);
}

double LatencyHistogram::mean_ns() const {
  return count_ == 0 ? 0 : sum_ns_ / static_cast<double>(count_);
}

std::uint64_t LatencyHistogram::quantile_ns(double fraction) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(fraction * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  if (rank == count_) return max_ns_;
  const Axis& axis = bins_->counts.axis();
  std::uint64_t seen = 0;
  for (int bin = -1; bin < axis.size(); ++bin) {
    seen += bins_->counts.at(bin);
    if (seen < rank) continue;
    const auto edge_ns = static_cast<std::uint64_t>(axis.value(bin + 1));
    return std::clamp(edge_ns, min_ns_, max_ns_);
  }
  return max_ns_;
}

}  // namespace wallaroo::giles
