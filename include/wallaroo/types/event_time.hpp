// Event time: when records happened, and how watermarks follow from that.
#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include <wallaroo/types/connector_options.hpp>
#include <wallaroo/types/window.hpp>

namespace wallaroo {

/// Given the time of each record of one partition in turn, returns the watermark: no record with an
/// earlier time is expected to follow. A watermark that goes back is ignored.
using WatermarkStrategy = std::function<EventTime(EventTime)>;

/// How `event_time` treats the times that it finds. A partition is one connection of a TCP source,
/// one stream of a connector source, or one file. For a file source with `repeat` or `in_order`, a
/// generator or a memory source, a partition is what one executor reads; after a `key_by`,
/// `collect` or `merge`, it is what comes from one executor.
struct EventTimeOptions {
  /// By how much records of one partition may be out of order: the watermark of a partition is the
  /// greatest time seen minus this. Records that are further behind are late.
  std::chrono::nanoseconds lateness{0};
  /// Makes a strategy for each partition; `lateness` is then not used.
  std::function<WatermarkStrategy()> custom = {};
  /// A partition without a record for so long stops holding the others back. Zero: never.
  std::chrono::nanoseconds idle_after = std::chrono::seconds(5);
  /// A record whose time is further ahead of the wall clock than this is refused as `on_error`
  /// says, because its time would close the windows of all keys. Zero: any time is accepted.
  std::chrono::nanoseconds max_ahead = std::chrono::hours(1);
  /// A time that is further ahead of the greatest one of its partition than this may come from a
  /// wrong clock: it moves the watermark only when the records that follow are as far ahead (see
  /// "Wrong clocks" in the guide). A value below `lateness` counts as `lateness`. Zero: every time
  /// is believed. Custom strategies are not filtered.
  std::chrono::nanoseconds max_jump = std::chrono::minutes(5);
  /// Applies when a time is too far ahead, or the extractor throws.
  OnError on_error = OnError::stop;
};

/// For partitions whose records come in the order of their times.
inline EventTimeOptions ascending() { return {}; }

/// For partitions whose records may have times up to `lateness` before the greatest so far.
inline EventTimeOptions bounded_lateness(std::chrono::nanoseconds lateness) {
  EventTimeOptions options;
  options.lateness = lateness;
  return options;
}

/// For watermarks that the program decides; `make` is called for each partition.
inline EventTimeOptions custom_watermarks(std::function<WatermarkStrategy()> make) {
  EventTimeOptions options;
  options.custom = std::move(make);
  return options;
}

}  // namespace wallaroo
