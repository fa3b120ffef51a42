// Options of state computations: state that leaves when it is not used, timers that do not wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace wallaroo {

namespace internal {
struct StatefulAccess;
}

enum class ExpiryTime : std::uint8_t {
  event_time,       ///< since the greatest time of the key's records, by the watermark
  processing_time,  ///< since the key's last record
};

/// A state computation with options, such as when its state expires. Each method returns a changed
/// copy. What cannot work (a duration that is not positive, a time-out without timers) is a
/// ConfigError, with the stage's name, when the stage is added to the application.
template <class F, bool Expires = false>
class Stateful {
 public:
  explicit Stateful(F function) : function_(std::move(function)) {}

  /// A key that was not used for so long starts anew, as State{}, when it comes again; its memory
  /// is given back. Timers of the key stay, and using the state for one counts as a use.
  Stateful<F, true> expire_after(std::chrono::nanoseconds duration,
                                 ExpiryTime time = ExpiryTime::event_time) const {
    Stateful<F, true> changed(function_);
    changed.duration_ = duration;
    changed.time_ = time;
    changed.timeout_ = timeout_;
    return changed;
  }

  /// Fires the timers of event time that are set, but those for EventTime::max(), when the stage's
  /// input has been silent for this long in processing time: no record came, the watermark did not
  /// advance, and every source that leads here is idle. To `on_timer` the watermark is then earlier
  /// than the time for which the timer was set. Unless this is said, they wait.
  Stateful with_timeout(std::chrono::nanoseconds timeout) const {
    Stateful changed = *this;
    changed.timeout_ = timeout;
    return changed;
  }

 private:
  template <class, bool>
  friend class Stateful;
  friend struct internal::StatefulAccess;

  F function_;
  std::chrono::nanoseconds duration_{0};
  ExpiryTime time_ = ExpiryTime::event_time;
  std::optional<std::chrono::nanoseconds> timeout_;
};

///     .to("visits", stateful(count_visit).expire_after(30min))
template <class F>
auto stateful(F function) {
  return Stateful<std::decay_t<F>>(std::move(function));
}

}  // namespace wallaroo
