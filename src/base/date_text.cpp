#include "base/date_text.hpp"

#include <cmath>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/times.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

std::string two_units(std::int64_t seconds, std::int64_t large, const char* large_name,
                      std::int64_t small, const char* small_name) {
  const std::int64_t rest = seconds % large / small;
  return rest == 0 ? fmt::format("{} {}", seconds / large, large_name)
                   : fmt::format("{} {} {} {}", seconds / large, large_name, rest, small_name);
}

}  // namespace

std::string date_text(std::int64_t time_ns) {
  if (time_ns == no_time) {
    return "none yet";
  }
  if (time_ns == end_of_time) {
    return "the end of the stream";
  }
  std::int64_t seconds = time_ns / second_ns;
  std::int64_t fraction = time_ns % second_ns;
  if (fraction < 0) {
    fraction += second_ns;
    --seconds;
  }
  std::string text =
      fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(seconds)));
  if (fraction != 0) {
    text += fmt::format(".{:09}", fraction);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "Z";
}

std::string duration_text(std::int64_t duration_ns) {
  const double seconds = std::abs(static_cast<double>(duration_ns)) / 1e9;
  // What three digits would round up to the next unit is written in that.
  if (seconds < 0.9995e-6) {
    return fmt::format("{:.3g} ns", seconds * 1e9);
  }
  if (seconds < 0.9995e-3) {
    return fmt::format("{:.3g} us", seconds * 1e6);
  }
  if (seconds < 0.9995) {
    return fmt::format("{:.3g} ms", seconds * 1e3);
  }
  if (seconds < 120) {
    return fmt::format("{:.3g} s", seconds);
  }
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 7200) {
    return two_units(whole, 60, "min", 1, "s");
  }
  if (whole < 2 * 86400) {
    return two_units(whole, 3600, "h", 60, "min");
  }
  return two_units(whole, 86400, "days", 3600, "h");
}

}  // namespace wallaroo::internal
