// Options of state computations: when unused state expires, and when timers stop waiting.
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

/// The time by which unused state expires.
enum class ExpiryTime : std::uint8_t {
  event_time,       ///< by the watermark, counted from the greatest event time of a use
  processing_time,  ///< by the executor's clock, counted from the last use
};

/// A state computation with options, such as when its state expires; made by `stateful`. Each
/// method returns a changed copy. For options that cannot work (a duration that is not positive, a
/// time-out without timers) the Engine's constructor throws ConfigError with the stage's name.
template <class F, bool Expires = false>
class Stateful {
 public:
  /// `function` is any state computation that `to` accepts.
  explicit Stateful(F function) : function_(std::move(function)) {}

  /// Forgets the state of a key that was not used for so long, and frees its memory; a later record
  /// of the key starts with State{}. Timers of the key stay, and a timer that fires counts as a
  /// use.
  Stateful<F, true> expire_after(std::chrono::nanoseconds duration,
                                 ExpiryTime time = ExpiryTime::event_time) const {
    Stateful<F, true> changed(function_);
    changed.duration_ = duration;
    changed.time_ = time;
    changed.timeout_ = timeout_;
    return changed;
  }

  /// Fires all timers of event time, except those for EventTime::max(), when the stage's input has
  /// been silent for this long in processing time: no record came, the watermark did not advance,
  /// and every source that leads here is idle. In `on_timer` the watermark is then earlier than the
  /// time for which the timer was set. Without this option such timers wait.
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

/// Makes a state computation to which options can be added:
///
///     .to("visits", stateful(count_visit).expire_after(30min))
template <class F>
auto stateful(F function) {
  return Stateful<std::decay_t<F>>(std::move(function));
}

}  // namespace wallaroo
