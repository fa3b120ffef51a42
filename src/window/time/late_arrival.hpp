// Tells the receiver of the output of windows and joins about late records.
#pragma once

#include <cstdint>

namespace wallaroo::internal {

/// A record that came too late.
struct LateArrival {
  std::int64_t time_ns = 0;
  bool dropped = false;  ///< false: it is in a result after all, or in the stream of late records
};

/// Calls `out.came_late(arrival, record)`, if `out` has that.
template <class Out, class Record>
void tell_late(Out& out, const LateArrival& arrival, const Record& record) {
  if constexpr (requires { out.came_late(arrival, record); }) {
    out.came_late(arrival, record);
  }
}

}  // namespace wallaroo::internal
