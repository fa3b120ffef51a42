// Timers of state computations: to do something for a key later, without a record.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include <wallaroo/window.hpp>

namespace wallaroo {

namespace internal {
struct TimersAccess;
}

enum class TimerKind : std::uint8_t {
  event_time,       ///< Timers::at: due when the watermark has reached its time
  processing_time,  ///< Timers::after: due when so much time has passed
};

/// A timer that is due, as `on_timer` gets it.
struct Timer {
  std::uint64_t id = 0;
  EventTime due{};  ///< what was asked for; of `after`, a processing time
  TimerKind kind = TimerKind::event_time;
  friend bool operator==(const Timer&, const Timer&) = default;
};

/// Taken by reference by a state computation, after the state and before the emitter if there is
/// one; then the computation is an object with a member `on_timer`:
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
/// `on_timer(const Key&, State&, const Timer&)`, and if it likes `Timers&` and last
/// `Emitter<Out>&`, returns or emits outputs as for a record. An output has the time of the timer;
/// of one that was set for a time that the stage had passed, that of the stage, so as not to be
/// late.
///
/// * Timers belong to the key of the record. A key has at most one timer of each id: setting it
///   again, also as one of the other kind, replaces it.
/// * Those of a key fire in the order of their times, those of one time in the order of their ids,
///   and before the key's next record if the watermark has reached them.
/// * One that is due already when it is set fires at once after the call.
/// * When the stream ends, timers that the last watermark has made due fire as always, with those
///   that they set in turn. Then all other timers of event time fire, `at(EventTime::max())` too;
///   what those set, and timers of processing time, do not fire any more.
/// * When input stops, timers of event time wait, unless `stateful(f).with_timeout(..)` is said.
/// * When the call throws, what it asked for here is dropped with the record.
class Timers {
 public:
  Timers() = default;
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  /// Fires when no record of an earlier time is expected any more.
  void at(EventTime due, std::uint64_t id = 0) {
    requests_.push_back({Action::at, id, due.time_since_epoch().count()});
  }
  /// Fires when `delay` of processing time has passed, at once when it is negative.
  void after(std::chrono::nanoseconds delay, std::uint64_t id = 0) {
    requests_.push_back({Action::after, id, delay.count()});
  }
  /// Without effect when the key has no timer of this id.
  void cancel(std::uint64_t id = 0) { requests_.push_back({Action::cancel, id, 0}); }

  /// Of the record, or of the timer that fires; for one of processing time the watermark.
  EventTime event_time() const { return event_time_; }
  /// No record of an earlier time is expected; EventTime::min() when nothing is known yet,
  /// EventTime::max() when the stream has ended.
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
