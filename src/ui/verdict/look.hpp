// Sums up the history for the verdict. Pure.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>

#include "ui/history/history.hpp"
#include "ui/verdict/verdict.hpp"

namespace wallaroo::internal {

/// What the history does not know.
struct VerdictFacts {
  bool reading = true;
  bool stopping = false;
  std::map<std::string, std::string> addresses = {};  ///< by source or sink
  double checkpoint_interval_s = 1;
  std::string last_failure = {};  ///< reason of the last checkpoint that failed
  double running_since = 0;       ///< Unix time
};

VerdictInput look_at(const History& history, const VerdictFacts& facts);

/// How many seconds up to now a number has been so, of the points that are kept. Points that are
/// missing count as long as those around them do.
template <class Holds>
double seconds_of(const History& history, const NumberRing& ring, Holds&& holds) {
  double seconds = 0;
  for (std::uint64_t n = history.newest(); n + 1 > history.oldest(); --n) {
    const float point = ring.at(n);
    if (!std::isnan(point) && !holds(point)) {
      break;
    }
    ++seconds;
  }
  return seconds;
}

/// The mean of the last points that are known; 0 without any.
double lately(const History& history, const NumberRing& ring, std::uint64_t points = 5);

}  // namespace wallaroo::internal
