// What becomes of records that come too late.
#pragma once

#include <cstdint>

namespace wallaroo {

/// What a stage of windows does with a record all of whose windows have fired. All four count it.
enum class LateData : std::uint8_t {
  drop,              ///< forgets it; a counter tells how many
  fire_per_message,  ///< emits the result of that record alone, with Firing::late
  /// Counts it in the oldest window of its key that is open; without one, in the oldest window that
  /// the watermark still allows. Newer windows that overlap that one may count it too.
  place_in_oldest_window,
  to_stream,  ///< hands it on, as it came, in a stream of its own (Stream::to_with_late)
};

/// A late record beside results, as a stage of windows emits it.
template <class T>
struct Late {
  T record;
};

}  // namespace wallaroo
