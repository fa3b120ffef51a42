// State that leaves when it is not used for a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace wallaroo {

enum class ExpiryTime : std::uint8_t {
  event_time,       ///< since the greatest time of the key's records, by the watermark
  processing_time,  ///< since the key's last record
};

namespace internal {

template <class F>
struct ExpiringComputation {
  F function;
  std::chrono::nanoseconds duration{0};
  ExpiryTime time = ExpiryTime::event_time;
};

}  // namespace internal

/// A state computation of which more is to be said.
template <class F>
class Stateful {
 public:
  explicit Stateful(F function) : function_(std::move(function)) {}

  /// A key that was not used for so long starts anew, as State{}, when it comes again; its memory
  /// is given back. Timers of the key stay, and using the state for one counts as a use.
  internal::ExpiringComputation<F> expire_after(std::chrono::nanoseconds duration,
                                                ExpiryTime time = ExpiryTime::event_time) const {
    return {function_, duration, time};
  }

 private:
  F function_;
};

///     .to("visits", stateful(count_visit).expire_after(30min))
template <class F>
auto stateful(F function) {
  return Stateful<std::decay_t<F>>(std::move(function));
}

}  // namespace wallaroo
