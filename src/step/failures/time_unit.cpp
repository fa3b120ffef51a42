#include "step/failures/time_unit.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/date_text.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t year_1990 = 631'152'000;    // in seconds since 1970
constexpr std::int64_t year_2100 = 4'102'444'800;  // in seconds since 1970

struct Unit {
  const char* name;
  std::int64_t per_second;
};
constexpr std::array<Unit, 3> units{
    {{"seconds", 1}, {"milliseconds", 1'000}, {"microseconds", 1'000'000}}};

bool is_of_our_days(std::int64_t time, std::int64_t per_second) {
  const std::int64_t seconds = time / per_second;
  return seconds >= year_1990 && seconds < year_2100;
}

}  // namespace

std::optional<std::string> doubt_about_unit(std::int64_t time_ns) {
  if (is_of_our_days(time_ns, second_ns)) {
    return std::nullopt;
  }
  const std::string as_it_is = fmt::format("{} is {} as nanoseconds", time_ns, date_text(time_ns));
  for (const Unit& unit : units) {
    if (is_of_our_days(time_ns, unit.per_second)) {
      const std::string date = date_text(time_ns / unit.per_second * second_ns);
      return fmt::format("{}; as {} it would be {}: event_time must return nanoseconds", as_it_is,
                         unit.name, date.substr(0, date.find('T')));
    }
  }
  return fmt::format(
      "{}: event_time must return nanoseconds since 1970; if such times are meant, ignore this",
      as_it_is);
}

}  // namespace wallaroo::internal
