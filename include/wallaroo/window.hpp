// One window, as aggregations see it.
#pragma once

#include <chrono>
#include <cstdint>

namespace wallaroo {

/// Event times and ingest times: nanoseconds since the Unix epoch.
using EventTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

/// Why a window's result is emitted.
enum class Firing : std::uint8_t {
  complete,  ///< the watermark (or the last record of a count window) has passed it
  early,     ///< preliminary: a later result replaces this one
  late,      ///< the result of one late record alone (LateData::fire_per_message)
  closed,    ///< incomplete: input stopped, or the stream ended
};

/// [start, end): of range and session windows nanoseconds since the Unix epoch, of count windows
/// the numbers of the key's records, counted from 0.
struct Window {
  std::int64_t start = 0;
  std::int64_t end = 0;
  Firing firing = Firing::complete;

  EventTime start_time() const { return EventTime(std::chrono::nanoseconds(start)); }
  EventTime end_time() const { return EventTime(std::chrono::nanoseconds(end)); }
  friend bool operator==(const Window&, const Window&) = default;
};

}  // namespace wallaroo
