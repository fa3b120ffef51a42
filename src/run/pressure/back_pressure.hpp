// Decides which stage or sink holds the others back, and when the log says so. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wallaroo::internal {

/// What a point, which is a segment or the writer of a sink, did in an interval. A share is from 0
/// to 1, and that of the executor on which it is greatest.
struct PointLoad {
  std::string name;  ///< "sink 'totals'", "stage 'count'"
  int rank = 0;      ///< greater than that of every point before it
  double busy = 0;   ///< share of the time in which its executor worked, at this point or others
  /// Share of the time in which a producer waited for room in its queues.
  double awaited = 0;
  double records_per_s = 0;  ///< taken on all executors
  double full_s = 0;         ///< for how long it has been awaited without interruption
  std::string peer = {};     ///< of a sink: its receiver or file
  double away_s = 0;         ///< of a sink: for how long it has had no connection to its peer
};

/// A point that is awaited for this share of the time holds the others back.
inline constexpr double awaited_share = 0.5;

/// The point that holds the others back: the one furthest downstream of those that are awaited,
/// because those before it only wait for it. Null when no point is awaited.
const PointLoad* find_bottleneck(std::span<const PointLoad> points);

/// A sentence about it, for the log.
std::string bottleneck_sentence(const PointLoad& point);

/// Decides when the log says so: first when a point has held others back for `first_after_s`, then
/// every `say_every_s`.
class BackPressureWatch {
 public:
  static constexpr double look_every_s = 5;
  static constexpr double first_after_s = 10;
  static constexpr double say_every_s = 30;

  /// Call it every `look_every_s` with what happened since then, and with the same points each
  /// time. Sets their `full_s`. Returns the sentence for the log, if there is one to write now.
  std::optional<std::string> look(double now_s, double interval_s, std::span<PointLoad> points);

 private:
  std::vector<double> full_s_;    ///< by point
  std::optional<double> said_s_;  ///< when a sentence was returned last
};

}  // namespace wallaroo::internal
