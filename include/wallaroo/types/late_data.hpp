// Policies for records that come too late.
#pragma once

#include <cstdint>

namespace wallaroo {

/// What a stage of windows does with a late record: one whose windows have all fired. Late records
/// are counted in the metrics whatever the policy is. For joins see
/// IntervalJoin::with_late_data_policy.
enum class LateData : std::uint8_t {
  drop,              ///< forgets the record
  fire_per_message,  ///< emits the result of that record alone, with Firing::late
  /// Adds it to the oldest open window of its key or, if none is open, to the oldest window that
  /// the watermark still allows. Newer windows that overlap that window may contain it, too.
  place_in_oldest_window,
  to_stream,  ///< emits it unchanged in a second stream; chosen by Stream::to_with_late
};

/// A late record as a stage of windows emits it beside its results, before the two are split.
template <class T>
struct Late {
  T record;  ///< unchanged
};

}  // namespace wallaroo
