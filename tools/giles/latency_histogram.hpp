#pragma once

#include <cstdint>
#include <memory>

namespace wallaroo::giles {

// Latencies in bins of 0.5 % width from 100 ns to 1000 s. Least, largest, mean and count are
// exact; a quantile is the upper edge of its bin, so it is never told too small and at most 0.5 %
// too large. A value below the range counts as 100 ns, a value above it as the largest seen.
class LatencyHistogram {
 public:
  LatencyHistogram();
  ~LatencyHistogram();
  LatencyHistogram(LatencyHistogram&&) noexcept;
  LatencyHistogram& operator=(LatencyHistogram&&) noexcept;

  void record(std::uint64_t latency_ns);

  std::uint64_t count() const { return count_; }
  std::uint64_t min_ns() const { return count_ == 0 ? 0 : min_ns_; }
  std::uint64_t max_ns() const { return max_ns_; }
  double mean_ns() const;

  // The least value that at least a `fraction` (0 to 1) of the latencies do not exceed; 0 when
  // empty.
  std::uint64_t quantile_ns(double fraction) const;

 private:
  struct Bins;
  std::unique_ptr<Bins> bins_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ns_ = ~std::uint64_t{0};
  std::uint64_t max_ns_ = 0;
  double sum_ns_ = 0;
};

}  // namespace wallaroo::giles
