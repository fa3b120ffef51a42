// The counters of a stage of windows.
#pragma once

#include <cstdint>

namespace wallaroo::internal {

struct WindowCounts {
  std::uint64_t fired = 0;    ///< complete and closed results
  std::uint64_t early = 0;    ///< preliminary results
  std::uint64_t late = 0;     ///< late records, counted in any case
  std::uint64_t dropped = 0;  ///< late records that were dropped
  /// Parts of windows now held: panes of range windows (for tumbling windows these are the open
  /// windows), sessions, for count windows the keys.
  std::uint64_t open = 0;
};

}  // namespace wallaroo::internal
