// Numbers with one writing thread and any number of readers: no lock and no read-modify-write
// instruction on the hot path.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace wallaroo::internal {

/// A number that only grows. `add` may be called by one thread only.
class Counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A number that rises and falls. `set` may be called by one thread only.
class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t n) { set(value() + n); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Durations in nanoseconds, counted in bins that double: bin i holds values v with
/// 2^(i-1) <= v < 2^i, bin 0 holds zero (and anything negative, which a clock can produce when a
/// record crosses cores).
class LatencyHistogram {
 public:
  static constexpr std::size_t bins = 48;

  void record(std::int64_t value_ns, std::uint64_t times = 1) {
    const auto value = static_cast<std::uint64_t>(value_ns < 0 ? 0 : value_ns);
    const auto bin = static_cast<std::size_t>(std::bit_width(value));
    bins_[bin < bins ? bin : bins - 1].add(times);
    // A double: the latency of a pipeline that is held back, summed over millions of records a
    // second, would overflow 64 bits within a day.
    sum_ns_.store(sum_ns_.load(std::memory_order_relaxed) +
                      static_cast<double>(value) * static_cast<double>(times),
                  std::memory_order_relaxed);
  }
  std::uint64_t in_bin(std::size_t bin) const { return bins_[bin].value(); }
  double sum_ns() const { return sum_ns_.load(std::memory_order_relaxed); }
  /// The first value above the bin, in nanoseconds.
  static constexpr std::uint64_t upper_bound_ns(std::size_t bin) { return std::uint64_t{1} << bin; }

 private:
  std::array<Counter, bins> bins_;
  std::atomic<double> sum_ns_{0};
};

}  // namespace wallaroo::internal
