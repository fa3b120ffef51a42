// Event times as numbers: nanoseconds since the Unix epoch.
#pragma once

#include <cstdint>
#include <limits>

namespace wallaroo::internal {

/// Before every time of a record. As a watermark: nothing is known yet.
inline constexpr std::int64_t no_time = std::numeric_limits<std::int64_t>::min();
/// After every time of a record. As a watermark: nothing follows.
inline constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();

/// a + b, at most `end_of_time` and at least `no_time`.
constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    return b < 0 ? no_time : end_of_time;
  }
  return sum;
}

/// a - b, limited in the same way. An `a` of `no_time` or `end_of_time` is returned unchanged.
constexpr std::int64_t saturating_subtract(std::int64_t a, std::int64_t b) {
  if (a == no_time || a == end_of_time) {
    return a;
  }
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) {
    return b < 0 ? end_of_time : no_time;
  }
  return difference;
}

/// Converts a time between the engine's clock and the wall clock, which differ by `by`. `no_time`
/// and `end_of_time` are returned unchanged.
constexpr std::int64_t shift_time(std::int64_t time, std::int64_t by) {
  return time == no_time || time == end_of_time ? time : saturating_add(time, by);
}

}  // namespace wallaroo::internal
