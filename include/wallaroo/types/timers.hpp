// Timers of state computations: to do something for a key later, without a record.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include <wallaroo/types/window.hpp>

namespace wallaroo {

namespace internal {
struct TimersAccess;
}

/// The clock for which a timer waits.
enum class TimerKind : std::uint8_t {
  event_time,       ///< set by Timers::at: due when the watermark has reached its time
  processing_time,  ///< set by Timers::after: due when so much processing time has passed
};

/// A timer that is due, as `on_timer` gets it.
struct Timer {
  std::uint64_t id = 0;  ///< as given when it was set
  EventTime due{};       ///< the time for which it was set; a processing time if set by `after`
  TimerKind kind = TimerKind::event_time;  ///< how it was set
  friend bool operator==(const Timer&, const Timer&) = default;
};

/// Sets and cancels timers. A state computation takes it by reference, after the state and before
/// the emitter if there is one, and is then an object with a member `on_timer`:
///
///     struct Reminder {
///       void operator()(const Order& order, Open& open, wallaroo::Timers& timers,
///                       wallaroo::Emitter<Overdue>&) {
///         open.id = order.id;
///         timers.at(order.placed + 30min);
///       }
///       void on_timer(const std::string& customer, Open& open, const wallaroo::Timer& timer,
///                     wallaroo::Emitter<Overdue>& emit) { .. }
///     };
///
/// `on_timer(const Key&, State&, const Timer&)` may also take `Timers&` and, as the last parameter,
/// `Emitter<Out>&`. It returns or emits outputs as for a record. Their event time is that of the
/// timer or, if the timer was set for a time that the stage had already passed, that of the stage,
/// so that they are not late.
///
/// * Timers belong to the key of the record. A key has at most one timer of each id: setting it
///   again, also as one of the other kind, replaces it.
/// * The timers of a key fire in the order of their times, those with equal times in the order of
///   their ids, and before the key's next record if the watermark has reached them.
/// * A timer that is due already when it is set fires right after the call that set it.
/// * When the stream ends, timers that the last watermark has made due fire as always, and so do
///   timers that these set. Then all other timers of event time fire, `at(EventTime::max())` too.
///   Timers that those set, and timers of processing time, do not fire any more.
/// * When input stops, timers of event time wait, unless `stateful(f).with_timeout(..)` is used.
/// * When the call throws, its requests are dropped together with the record.
class Timers {
 public:
  /// Made by the engine, which passes it to the computation.
  Timers() = default;
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  /// Sets a timer that fires when the watermark has reached `due`: no record of an earlier time is
  /// expected any more.
  void at(EventTime due, std::uint64_t id = 0) {
    requests_.push_back({Action::at, id, due.time_since_epoch().count()});
  }
  /// Sets a timer that fires when `delay` of processing time has passed, at once if it is negative.
  void after(std::chrono::nanoseconds delay, std::uint64_t id = 0) {
    requests_.push_back({Action::after, id, delay.count()});
  }
  /// Removes the key's timer of this id. Without effect when there is none.
  void cancel(std::uint64_t id = 0) { requests_.push_back({Action::cancel, id, 0}); }

  /// The event time of the record, or of the timer that fires. In a timer of processing time it is
  /// the watermark.
  EventTime event_time() const { return event_time_; }
  /// The watermark of the stage: no record of an earlier time is expected. It is EventTime::min()
  /// when nothing is known yet, EventTime::max() when the stream has ended.
  EventTime watermark() const { return watermark_; }

 private:
  friend struct internal::TimersAccess;
  enum class Action : std::uint8_t { at, after, cancel };
  struct Request {
    Action action;
    std::uint64_t id;
    std::int64_t ns;
  };

  std::vector<Request> requests_;
  EventTime event_time_{};
  EventTime watermark_{};
};

}  // namespace wallaroo
