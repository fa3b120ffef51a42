// Time in which nothing could be read, and which is therefore no silence of a sender.
#pragma once

#include <algorithm>
#include <cstdint>

namespace wallaroo::internal {

/// Sources look at their input at least this often, and tell the stages after them what time it is.
inline constexpr std::int64_t between_looks_ns = 50'000'000;

/// Whoever did not look at its input for longer than this has missed time: the process was stopped,
/// a queue was full, a function of the user's took long, or state was loaded.
inline constexpr std::int64_t longest_look_ns = 2 * between_looks_ns;

/// How much of a gap between two looks does not count for somebody who waits `patience_ns` for a
/// silent sender. Some of it counts, or nobody would be silent where all gaps are long.
constexpr std::int64_t missed_of(std::int64_t gap_ns, std::int64_t patience_ns) {
  return gap_ns - std::min({gap_ns, between_looks_ns, std::max<std::int64_t>(patience_ns / 4, 1)});
}

}  // namespace wallaroo::internal
