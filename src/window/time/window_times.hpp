// Arithmetic of times that may be negative or extreme.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/times.hpp"

namespace wallaroo::internal {

/// The greatest n * step + offset that is not greater than `time`; 0 <= offset < step.
constexpr std::int64_t floor_to(std::int64_t time, std::int64_t step, std::int64_t offset) {
  const std::int64_t above = (time - offset) % step;
  return time - (above < 0 ? above + step : above);
}

/// Keeps times of records at least `margin` away from the ends of time, so that windows around
/// them, and their due times, need no check for overflow.
struct TimeLimits {
  std::int64_t earliest;
  std::int64_t latest;

  explicit constexpr TimeLimits(std::int64_t margin)
      : earliest(no_time + margin), latest(end_of_time - margin) {}
  constexpr std::int64_t clamp(std::int64_t time) const {
    return std::clamp(time, earliest, latest);
  }
};

}  // namespace wallaroo::internal
