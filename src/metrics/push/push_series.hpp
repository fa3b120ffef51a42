// Turns the engine's counters into the histograms of one period each.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "metrics/counter.hpp"
#include "metrics/push/push_message.hpp"
#include "metrics/registry.hpp"

namespace wallaroo::internal {

/// Where the numbers of a pushed histogram come from. The counters must outlive it.
struct PushSource {
  PushName about;
  /// Durations, summed over these. Empty: every record has the value 0.
  std::vector<const LatencyHistogram*> durations;
  /// How many records there were. Empty: as many as durations. Otherwise only some records were
  /// timed, and the histogram of these is scaled up to all.
  CounterSum records;
};

/// Counts by the bins of LatencyHistogram, which are those of PushHistogram up to the last.
using DurationBins = std::array<std::uint64_t, LatencyHistogram::bins>;

/// Returns a histogram of `records` values that are distributed as the samples are, to the next
/// whole number. `least` and `greatest` are the bounds of the bins in use. Requires that a sample
/// exists unless `records` is 0.
PushHistogram scaled_histogram(const DurationBins& samples, std::uint64_t records);

/// Reads a source period by period, on one thread.
class PushSeries {
 public:
  explicit PushSeries(PushSource source);

  const PushName& about() const { return source_.about; }
  /// Returns what has been counted since the last call, or since construction. Records wait for a
  /// later period while none of them has been timed, so no record is lost or invented.
  PushHistogram take();

 private:
  DurationBins read_durations() const;

  PushSource source_;
  DurationBins durations_before_;
  std::uint64_t records_before_;
};

}  // namespace wallaroo::internal
