// Which stage or sink holds the others back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wallaroo::internal {

/// What a segment, or the writer of a sink, did in an interval. Shares are from 0 to 1, and of the
/// executor on which they are greatest.
struct PlaceLoad {
  std::string name;  ///< "sink 'totals'", "stage 'count'"
  int rank = 0;      ///< greater than that of every place before it
  double busy = 0;   ///< share of the time in which its executor worked, at whatever
  /// Share of the time in which somebody before it waited for room in its queues.
  double awaited = 0;
  double records_per_s = 0;  ///< that it took, on all executors
  double full_s = 0;         ///< for how long it has been awaited, without an end
  std::string peer = {};     ///< of a sink: where it writes to
  double away_s = 0;         ///< of a sink: for how long its peer has not been there
};

/// One that is awaited for so much of the time holds the others back.
inline constexpr double awaited_share = 0.5;

/// The place that holds the others back: of those that are awaited the one furthest downstream,
/// since the ones before it only wait for it. Null when there is none.
const PlaceLoad* find_bottleneck(std::span<const PlaceLoad> places);

/// A sentence about it, for the log.
std::string bottleneck_sentence(const PlaceLoad& place);

/// Decides when the log says so: when somebody has been held back for some time, then every 30 s.
class BackPressureWatch {
 public:
  static constexpr double look_every_s = 5;
  static constexpr double first_after_s = 10;
  static constexpr double say_every_s = 30;

  /// To be called every `look_every_s` with what happened since; sets `full_s` of the places, which
  /// are the same ones each time. What is to be said now, if anything.
  std::optional<std::string> look(double now_s, double interval_s, std::span<PlaceLoad> places);

 private:
  std::vector<double> full_s_;
  std::optional<double> said_s_;
};

}  // namespace wallaroo::internal
