// The points that a request asks for.
#pragma once

#include <cstdint>
#include <vector>

#include "metrics/http/http_request.hpp"
#include "ui/history/history.hpp"
#include "ui/json/json_text.hpp"

namespace wallaroo::internal {

/// Points by number, `first` to `last`, both included; none when `first` is above `last`.
struct Window {
  std::uint64_t first = 1;
  std::uint64_t last = 0;
  std::uint64_t length = history_points;  ///< what summaries look back on

  std::uint64_t points() const { return last + 1 - first; }
};

/// What the parameters `since` and `window` say. Throws ConfigError for what is no number.
Window window_of(const HttpRequest& request, const History& history);

/// The parameter as a whole number up to `most`. Throws ConfigError.
std::uint64_t number_parameter(const HttpRequest& request, std::string_view name,
                               std::uint64_t otherwise, std::uint64_t most);

/// Writes `seq`, `first_seq`, `first_time` and `points`.
void write_window(JsonText& json, const History& history, const Window& window);
void write_points(JsonText& json, std::string_view name, const NumberRing& ring,
                  const Window& window);

/// The sum of the bins of the last `length` points.
template <class Count>
BinArray sum_of(const History& history, const Ring<BinPoint<Count>>& ring, std::uint64_t length) {
  BinArray sum{};
  for (std::uint64_t i = 0; i < length && history.newest() >= history.oldest() + i; ++i) {
    const BinPoint<Count>& point = ring.at(history.newest() - i);
    for (std::size_t bin = 0; bin < sum.size(); ++bin) {
      sum[bin] += static_cast<double>(point.in_bin[bin]);
    }
  }
  return sum;
}

template <class Count>
void write_bins(JsonText& json, const BinPoint<Count>& point) {
  if (!point.known) {
    json.null();
    return;
  }
  json.begin_array();
  for (const Count count : point.in_bin) {
    json.value(static_cast<std::uint64_t>(count));
  }
  json.end_array();
}

/// The last `length` points.
std::vector<float> points_of(const History& history, const NumberRing& ring, std::uint64_t length);

void write_bounds(JsonText& json);

}  // namespace wallaroo::internal
