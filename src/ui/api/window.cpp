#include "ui/api/window.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {

std::uint64_t number_parameter(const HttpRequest& request, std::string_view name,
                               std::uint64_t otherwise, std::uint64_t most) {
  const std::string text = request.parameter(name);
  if (text.empty()) {
    return otherwise;
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw ConfigError(fmt::format("{}={}: use a whole number from 0 on", name, text));
  }
  return std::min(number, most);
}

Window window_of(const HttpRequest& request, const History& history) {
  constexpr std::uint64_t most = UINT64_MAX - 1;
  const std::uint64_t since = number_parameter(request, "since", 0, most);
  Window window;
  window.length = std::max<std::uint64_t>(
      1, number_parameter(request, "window", history_points, history_points));
  window.last = history.newest();
  const std::uint64_t oldest =
      std::max(history.oldest(), window.last < window.length ? 1 : window.last - window.length + 1);
  // Points that are not known any more, or not yet: a client of another run gets the whole window.
  const bool known = since <= window.last && since + 1 >= oldest;
  window.first = known ? since + 1 : oldest;
  return window;
}

void write_window(JsonText& json, const History& history, const Window& window) {
  json.member("seq", window.last).member("first_seq", window.first);
  json.member("first_time", history.time_of(window.first)).member("points", window.points());
}

void write_points(JsonText& json, std::string_view name, const NumberRing& ring,
                  const Window& window) {
  json.key(name).begin_array();
  for (std::uint64_t n = window.first; n <= window.last; ++n) {
    json.value(ring.at(n));
  }
  json.end_array();
}

std::vector<float> points_of(const History& history, const NumberRing& ring, std::uint64_t length) {
  std::vector<float> points;
  const std::uint64_t newest = history.newest();
  const std::uint64_t first = std::max(history.oldest(), newest < length ? 1 : newest - length + 1);
  for (std::uint64_t n = first; n <= newest; ++n) {
    points.push_back(ring.at(n));
  }
  return points;
}

void write_bounds(JsonText& json) {
  json.key("latency_bounds_seconds").begin_array();
  for (std::size_t bin = 0; bin < HistogramBins::count; ++bin) {
    json.value(HistogramBins::upper_bound_seconds(bin));
  }
  json.end_array();
}

}  // namespace wallaroo::internal
