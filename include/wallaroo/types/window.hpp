// One window, as aggregations see it.
#pragma once

#include <chrono>
#include <cstdint>

namespace wallaroo {

/// The type of event times and ingest times: nanoseconds since the Unix epoch.
using EventTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

/// Why a window's result is emitted.
enum class Firing : std::uint8_t {
  complete,  ///< the watermark has passed the window, or a count window has its last record
  early,     ///< the result is preliminary: a later one replaces it
  late,      ///< the result is that of one late record alone (LateData::fire_per_message)
  closed,    ///< the window is incomplete: input stopped, or the stream ended
};

/// The window [start, end). For range and session windows these are nanoseconds since the Unix
/// epoch; for count windows they are numbers of the key's records, counted from 0.
struct Window {
  std::int64_t start = 0;            ///< the first time or number in it
  std::int64_t end = 0;              ///< the first time or number after it
  Firing firing = Firing::complete;  ///< why this result was emitted

  /// `start` as a time; not for count windows.
  EventTime start_time() const { return EventTime(std::chrono::nanoseconds(start)); }
  /// `end` as a time; not for count windows.
  EventTime end_time() const { return EventTime(std::chrono::nanoseconds(end)); }
  friend bool operator==(const Window&, const Window&) = default;
};

}  // namespace wallaroo
