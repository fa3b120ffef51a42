// Missed time: time in which the engine could not read, so that it says nothing about whether a
// sender was silent.
#pragma once

#include <algorithm>
#include <cstdint>

namespace wallaroo::internal {

/// Sources look at their input at least this often, and tell the stages after them what time it is.
inline constexpr std::int64_t between_looks_ns = 50'000'000;

/// A task that did not look at its input for longer than this has missed time: the process was
/// stopped, a queue was full, a function of the user took long, or state was loaded.
inline constexpr std::int64_t longest_look_ns = 2 * between_looks_ns;

/// How much of a gap between two looks does not count towards a time-out of `patience_ns`. A small
/// part counts, because otherwise no time-out would end where all gaps are long.
constexpr std::int64_t missed_of(std::int64_t gap_ns, std::int64_t patience_ns) {
  return gap_ns - std::min({gap_ns, between_looks_ns, std::max<std::int64_t>(patience_ns / 4, 1)});
}

}  // namespace wallaroo::internal
