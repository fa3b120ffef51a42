#include "run/pressure/back_pressure.hpp"

#include <cmath>

#include <fmt/format.h>

#include "base/date_text.hpp"
#include "base/people_numbers.hpp"

namespace wallaroo::internal {

namespace {

std::string seconds_text(double seconds) {
  return duration_text(static_cast<std::int64_t>(std::round(seconds)) * 1'000'000'000);
}

std::string cause(const PointLoad& point) {
  const std::string rate = people_count(point.records_per_s);
  if (point.away_s > 0) {
    return fmt::format("its peer {} has been away for {}", point.peer, seconds_text(point.away_s));
  }
  if (!point.peer.empty()) {
    return fmt::format("{} takes {} records/s", point.peer, rate);
  }
  return fmt::format("it takes {} records/s, and its executor is busy {:.0f} % of the time", rate,
                     point.busy * 100);
}

}  // namespace

const PointLoad* find_bottleneck(std::span<const PointLoad> points) {
  const PointLoad* found = nullptr;
  for (const PointLoad& point : points) {
    const bool further = found == nullptr || point.rank > found->rank ||
                         (point.rank == found->rank && point.awaited > found->awaited);
    if (point.awaited >= awaited_share && further) {
      found = &point;
    }
  }
  return found;
}

std::string bottleneck_sentence(const PointLoad& point) {
  return fmt::format("{} holds the others back: {}; its queue has been full for {}", point.name,
                     cause(point), seconds_text(point.full_s));
}

std::optional<std::string> BackPressureWatch::look(double now_s, double interval_s,
                                                   std::span<PointLoad> points) {
  full_s_.resize(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    full_s_[i] = points[i].awaited >= awaited_share ? full_s_[i] + interval_s : 0;
    points[i].full_s = full_s_[i];
  }
  const PointLoad* const point = find_bottleneck(points);
  // The intervals between looks are not exact.
  const bool soon = said_s_ && now_s < *said_s_ + say_every_s - interval_s / 2;
  if (point == nullptr || point->full_s < first_after_s || soon) {
    return std::nullopt;
  }
  said_s_ = now_s;
  return bottleneck_sentence(*point);
}

}  // namespace wallaroo::internal
