#include "window/joins/join_settings.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <wallaroo/types/error.hpp>

#include "base/times.hpp"

namespace wallaroo::internal {

void check_join_settings(std::string_view stage, const JoinSettings& settings) {
  if (settings.lower_ns > settings.upper_ns) {
    throw ConfigError(fmt::format(
        "stage '{}': the join's lower bound of {} ns is above its upper bound of {} ns, "
        "so nothing would match; swap them",
        stage, settings.lower_ns, settings.upper_ns));
  }
  if (settings.delay_ns < 0) {
    throw ConfigError(fmt::format("stage '{}': the join's delay must not be negative, but is {} ns",
                                  stage, settings.delay_ns));
  }
  if (settings.timeout_ns && *settings.timeout_ns <= 0) {
    throw ConfigError(
        fmt::format("stage '{}': the join's time-out must be greater than zero, but is {} ns",
                    stage, *settings.timeout_ns));
  }
  if (settings.late == LateData::place_in_oldest_window) {
    throw ConfigError(
        fmt::format("stage '{}': a join has no windows in which late records could be placed; use "
                    "drop, fire_per_message or to_stream",
                    stage));
  }
}

JoinSideTimes::JoinSideTimes(std::int64_t first, std::int64_t last, std::int64_t delay)
    : first_(first),
      last_(last),
      stays_(saturating_add(last, delay)),
      held_(saturating_add(std::max<std::int64_t>(last, 0), delay)) {}

TimeSpan JoinSideTimes::partners(std::int64_t time_ns) const {
  constexpr TimeSpan none{end_of_time, no_time};
  TimeSpan span{};
  // A first time beyond the greatest number and a last one below the least match nothing.
  if (__builtin_add_overflow(time_ns, first_, &span.first)) {
    if (first_ > 0) {
      return none;
    }
    span.first = no_time;
  }
  if (__builtin_add_overflow(time_ns, last_, &span.last)) {
    if (last_ < 0) {
      return none;
    }
    span.last = end_of_time;
  }
  return span;
}

std::int64_t JoinSideTimes::leaves(std::int64_t time_ns) const {
  return saturating_add(saturating_add(time_ns, stays_), 1);
}

std::int64_t JoinSideTimes::earliest_leaving_at(std::int64_t leaves) const {
  // The least watermark at which anything leaves also stands for all times too early to compute
  // with.
  return leaves <= no_time + 1 ? no_time : saturating_subtract(leaves - 1, stays_);
}

std::int64_t JoinSideTimes::earliest_alone(std::int64_t watermark) const {
  return saturating_subtract(watermark, held_);
}

JoinTimes::JoinTimes(const JoinSettings& settings)
    : left(settings.lower_ns, settings.upper_ns, settings.delay_ns),
      right(saturating_subtract(0, settings.upper_ns), saturating_subtract(0, settings.lower_ns),
            settings.delay_ns),
      delay(settings.delay_ns) {}

std::int64_t JoinTimes::first_on_time(std::int64_t watermark) const {
  return saturating_subtract(watermark, delay);
}

}  // namespace wallaroo::internal
