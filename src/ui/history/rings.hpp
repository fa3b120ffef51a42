// The last ten minutes of a number, one point for each second.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "metrics/histogram_bins.hpp"

namespace wallaroo::internal {

/// How many points are kept.
inline constexpr std::uint64_t history_points = 600;

/// Points of a kind by number. All rings of a history are at the same number.
template <class Point>
class Ring {
 public:
  explicit Ring(Point missing) : points_(history_points, missing) {}
  /// The point must be one of the last `history_points`.
  const Point& at(std::uint64_t number) const { return points_[number % history_points]; }
  Point& at(std::uint64_t number) { return points_[number % history_points]; }

 private:
  std::vector<Point> points_;
};

/// A missing point is NaN.
class NumberRing : public Ring<float> {
 public:
  NumberRing() : Ring(std::numeric_limits<float>::quiet_NaN()) {}
  void set(std::uint64_t number, double value) { at(number) = static_cast<float>(value); }
};

/// The bins of a latency histogram. `Count` limits how many fit into a bin: more are not counted.
template <class Count>
struct BinPoint {
  std::array<Count, HistogramBins::count> in_bin{};
  bool known = false;

  static BinPoint of(const std::array<double, HistogramBins::count>& counts) {
    BinPoint point;
    point.known = true;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      constexpr auto most = static_cast<double>(std::numeric_limits<Count>::max());
      point.in_bin[i] = static_cast<Count>(counts[i] < most ? counts[i] : most);
    }
    return point;
  }
};

/// Timed calls of a function: about a thousand in a second on each executor.
struct CallRing : Ring<BinPoint<std::uint16_t>> {
  CallRing() : Ring({}) {}
};
/// Records of a sink.
struct LatencyRing : Ring<BinPoint<float>> {
  LatencyRing() : Ring({}) {}
};

}  // namespace wallaroo::internal
