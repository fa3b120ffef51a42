// What taxis earn: each driver's shifts, the trips and mean fare of each zone, hour by hour, and
// the trips for which a tip was paid. A shift is over when no trip has followed for 45 minutes.
//
// In:  lines such as "1709280001 cab7 harbour 1450": when the trip ended, in seconds since the Unix
//      epoch, the taxi, the zone, and the fare in cents; and "1709280099 cab7 tip 200": a tip that
//      was paid by card, at most 3 minutes after the trip. Taxis report at most 5 minutes late.
// Out: lines such as "cab7 shift 07:12 to 11:45: 19 trips, 21480 cents", with the ends of its first
//      and last trip, "harbour 08:00 to 09:00: 12 trips, 1402 cents each", and
//      "harbour tip 200 for 1450 to cab7 at 08:00". Times are UTC.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <wallaroo/wallaroo.hpp>

using namespace std::chrono_literals;

constexpr auto longest_break = 45min;

struct Trip {
  std::int64_t end_s;
  std::string_view taxi;
  std::string_view zone;
  std::int64_t cents;
};

struct Earned {
  std::uint64_t trips;
  std::int64_t cents;
};
struct Fares {
  std::uint64_t trips;
  double mean_cents;
};
// One trip. A join keeps these records, so they must own their bytes.
struct Fare {
  std::int64_t end_s;
  std::string taxi;
  std::string zone;
  std::int64_t cents;
};
struct Tipped {
  Fare fare;
  std::int64_t tip_cents;
};
using Shift = wallaroo::WindowResult<std::string, Earned>;
using ZoneHour = wallaroo::WindowResult<std::string, Fares>;

// Cuts the first word off the line.
std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

bool read(std::string_view word, std::int64_t& number) {
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, number);
  return error == std::errc() && stop == end;
}

wallaroo::Decoded<Trip> decode(std::string_view line) {
  Trip trip{};
  const bool has_time = read(take_word(line), trip.end_s);
  trip.taxi = take_word(line);
  trip.zone = take_word(line);
  if (!has_time || trip.zone.empty() || !read(line, trip.cents)) {
    return wallaroo::BadRecord{"a trip is a time, a taxi, a zone and a fare"};
  }
  return trip;
}

std::chrono::sys_seconds end_of(const Trip& trip) {
  return std::chrono::sys_seconds(1s * trip.end_s);
}

// The time of day.
void encode(wallaroo::EventTime time, wallaroo::ByteWriter& out) {
  const auto day = time - std::chrono::floor<std::chrono::days>(time);
  const auto digits = [&](std::int64_t number) {
    out.append(static_cast<char>('0' + number / 10)).append(static_cast<char>('0' + number % 10));
  };
  digits(day / 1h);
  out.append(':');
  digits(day / 1min % 60);
}

void encode_shift(const Shift& shift, wallaroo::ByteWriter& out) {
  out.append(shift.key).append(" shift ");
  encode(shift.window.start_time(), out);
  out.append(" to ");
  encode(shift.window.end_time() - longest_break, out);
  out.append(": ").decimal(shift.value.trips).append(" trips, ");
  out.decimal(shift.value.cents).append(" cents\n");
}

void encode_hour(const ZoneHour& hour, wallaroo::ByteWriter& out) {
  out.append(hour.key).append(' ');
  encode(hour.window.start_time(), out);
  out.append(" to ");
  encode(hour.window.end_time(), out);
  out.append(": ").decimal(hour.value.trips).append(" trips, ");
  out.decimal(std::llround(hour.value.mean_cents)).append(" cents each\n");
}

void encode_tip(const Tipped& tipped, wallaroo::ByteWriter& out) {
  out.append(tipped.fare.zone).append(" tip ").decimal(tipped.tip_cents).append(" for ");
  out.decimal(tipped.fare.cents).append(" to ").append(tipped.fare.taxi).append(" at ");
  encode(wallaroo::EventTime(1s * tipped.fare.end_s), out);
  out.append('\n');
}

bool is_tip(const Trip& trip) { return trip.zone == "tip"; }

std::optional<Trip> only_trips(const Trip& trip) {
  return is_tip(trip) ? std::nullopt : std::optional(trip);
}
std::optional<Fare> as_fare(const Trip& trip) {
  return is_tip(trip) ? std::nullopt
                      : std::optional(Fare{trip.end_s, std::string(trip.taxi),
                                           std::string(trip.zone), trip.cents});
}
std::optional<Fare> as_tip(const Trip& trip) {
  return is_tip(trip) ? std::optional(Fare{trip.end_s, std::string(trip.taxi), {}, trip.cents})
                      : std::nullopt;
}
Tipped tipped(const Fare& fare, const Fare& tip) { return {fare, tip.cents}; }

int main(int argc, char** argv) {
  using wallaroo::combined, wallaroo::count, wallaroo::mean, wallaroo::sum;
  const wallaroo::TcpSourceOptions input{.listen = "127.0.0.1:7010",
                                         .framing = wallaroo::Newline{}};
  const wallaroo::TcpSinkOptions output{.connect = "127.0.0.1:7002"};
  const auto shifts = wallaroo::session_windows(longest_break);
  const auto hours = wallaroo::range_windows(1h);

  wallaroo::Application app("taxi");
  const auto reports = app.source("reports", wallaroo::tcp_source(input, decode))
                           .event_time("end", end_of, wallaroo::bounded_lateness(5min));
  const auto trips = reports.to("trips", only_trips);
  trips.key_by("taxi", &Trip::taxi)
      .to("shifts", shifts.over(combined<Earned>(count(), sum(&Trip::cents))))
      .to_sink("earnings", wallaroo::tcp_sink(output, encode_shift));
  trips.key_by("zone", &Trip::zone)
      .to("hours", hours.over(combined<Fares>(count(), mean(&Trip::cents))))
      .to_sink("fares", wallaroo::tcp_sink(output, encode_hour));
  reports.to("as fare", as_fare)
      .key_by("driver", &Fare::taxi)
      .join(reports.to("as tip", as_tip).key_by("tipped driver", &Fare::taxi))
      .within(0s, 3min)
      .to("tipped", tipped)
      .to_sink("tips", wallaroo::tcp_sink(output, encode_tip));
  return wallaroo::run(app, argc, argv);
}
