// `wallaroo top URL`.

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <wallaroo/types/error.hpp>

#include "base/date_text.hpp"
#include "base/people_numbers.hpp"
#include "wallaroo/api_client.hpp"
#include "wallaroo/doctor.hpp"

namespace wallaroo::tool {

namespace {

namespace json = boost::json;

/// The newest point that is known; NaN without one.
double newest(const json::value& points) {
  const json::array& array = points.as_array();
  for (auto point = array.rbegin(); point != array.rend(); ++point) {
    if (!point->is_null()) {
      return point->to_number<double>();
    }
  }
  return std::nan("");
}

double number(const json::value& value) {
  return value.is_null() ? std::nan("") : value.to_number<double>();
}

std::string count_text(double value) {
  return std::isnan(value) ? "-" : internal::people_count(value);
}
std::string share_text(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:.0f} %", value * 100);
}
std::string time_text(double seconds) {
  return std::isnan(seconds) ? "-"
                             : internal::duration_text(static_cast<std::int64_t>(seconds * 1e9));
}

std::string ago_text(double seconds) {
  return std::isnan(seconds) ? "-" : time_text(seconds) + " ago";
}
/// Of times in the first bin, only its upper bound is known.
std::string binned_text(double seconds, const json::value& series) {
  const double least = series.at("latency_bounds_seconds").at(0).to_number<double>();
  return seconds < least ? fmt::format("< {}", time_text(least)) : time_text(seconds);
}

std::string row(const json::value& node, const json::value& series) {
  const std::string id = std::to_string(node.at("id").to_number<std::int64_t>());
  const json::value& points = series.at("nodes").at(id);
  const auto time = [&](const char* part) { return binned_text(newest(points.at(part)), series); };
  return fmt::format("{:<24.24} {:<12} {:>9} {:>9} {:>8} {:>7} {:>9} {:>9} {:>10}\n",
                     printable(node.at("name")), printable(node.at("kind")),
                     count_text(newest(points.at("in"))), count_text(newest(points.at("out"))),
                     count_text(newest(points.at("errors"))), share_text(newest(points.at("busy"))),
                     time("p50"), time("p99"), time_text(newest(points.at("lag_seconds"))));
}

std::string picture(const json::value& plan, const json::value& series) {
  const json::value& summary = series.at("summary");
  const auto latency = [&](const char* part) {
    return binned_text(number(summary.at("latency").at(part)), series);
  };
  std::string text = fmt::format(
      "wallaroo  {}  {}  up {}\n\n{}: {}\n\n", printable(plan.at("application")),
      printable(series.at("state")), time_text(number(series.at("uptime_seconds"))),
      printable(series.at("verdict").at("level")), printable(series.at("verdict").at("text")));
  text += fmt::format(
      "in {}/s   out {}/s   p50 {}   p99 {}   watermark lag {}   checkpoint {}   "
      "errors {}\n\n",
      count_text(number(summary.at("in").at("now"))),
      count_text(number(summary.at("out").at("now"))), latency("p50"), latency("p99"),
      time_text(number(summary.at("lag_seconds"))), ago_text(number(summary.at("checkpoint_age"))),
      count_text(number(summary.at("errors"))));
  text += fmt::format("{:<24} {:<12} {:>9} {:>9} {:>8} {:>7} {:>9} {:>9} {:>10}\n", "STAGE", "KIND",
                      "IN/S", "OUT/S", "ERR/S", "BUSY", "P50", "P99", "LAG");
  for (const json::value& node : plan.at("nodes").as_array()) {
    if (node.at("kind").as_string() != "merge") {
      text += row(node, series);
    }
  }
  return text;
}

/// Pictures one after the other, of one process of the application or of its successor.
class Top {
 public:
  explicit Top(const TopRequest& request)
      : request_(request),
        address_(parse_url(request.url)),
        terminal_(isatty(STDOUT_FILENO) == 1) {}

  void show() {
    const json::value series = get_document(address_, "/api/v1/series?window=60").value;
    if (plan_.is_null() || plan_.at("plan_id") != series.at("plan_id")) {
      plan_ = get_document(address_, "/api/v1/plan").value;
    }
    if (request_.json) {
      fmt::print("{}\n", json::serialize(series));
    } else {
      fmt::print("{}{}", terminal_ && !request_.once ? "\x1b[H\x1b[2J" : "",
                 picture(plan_, series));
    }
    if (std::fflush(stdout) != 0) {
      throw IoError("cannot write to standard output; free some space where it goes");
    }
  }

 private:
  const TopRequest& request_;
  const ApiAddress address_;
  const bool terminal_;
  json::value plan_;
};

}  // namespace

int show_top(const TopRequest& request) {
  Top top(request);
  top.show();
  while (!request.once) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    try {
      top.show();
    } catch (const IoError& error) {
      fmt::print(stderr, "the application has ended or cannot be reached: {}\n", error.what());
      return 0;
    }
  }
  return 0;
}

}  // namespace wallaroo::tool
