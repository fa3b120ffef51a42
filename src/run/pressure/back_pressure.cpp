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

std::string cause(const PlaceLoad& place) {
  const std::string rate = people_count(place.records_per_s);
  if (place.away_s > 0) {
    return fmt::format("its peer {} has been away for {}", place.peer,
                       seconds_text(place.away_s));
  }
  if (!place.peer.empty()) {
    return fmt::format("{} takes {} records/s", place.peer, rate);
  }
  return fmt::format("it takes {} records/s, and its executor is busy {:.0f} % of the time", rate,
                     place.busy * 100);
}

}  // namespace

const PlaceLoad* find_bottleneck(std::span<const PlaceLoad> places) {
  const PlaceLoad* found = nullptr;
  for (const PlaceLoad& place : places) {
    const bool further = found == nullptr || place.rank > found->rank ||
                         (place.rank == found->rank && place.awaited > found->awaited);
    if (place.awaited >= awaited_share && further) {
      found = &place;
    }
  }
  return found;
}

std::string bottleneck_sentence(const PlaceLoad& place) {
  return fmt::format("{} holds the others back: {}; its queue has been full for {}", place.name,
                     cause(place), seconds_text(place.full_s));
}

std::optional<std::string> BackPressureWatch::look(double now_s, double interval_s,
                                                   std::span<PlaceLoad> places) {
  full_s_.resize(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    full_s_[i] = places[i].awaited >= awaited_share ? full_s_[i] + interval_s : 0;
    places[i].full_s = full_s_[i];
  }
  const PlaceLoad* const place = find_bottleneck(places);
  // The intervals between looks are not exact.
  const bool soon = said_s_ && now_s < *said_s_ + say_every_s - interval_s / 2;
  if (place == nullptr || place->full_s < first_after_s || soon) {
    return std::nullopt;
  }
  said_s_ = now_s;
  return bottleneck_sentence(*place);
}

}  // namespace wallaroo::internal
