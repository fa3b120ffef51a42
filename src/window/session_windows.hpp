// The sessions of one key.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "state/timer_queue.hpp"
#include "window/key_windows.hpp"
#include "window/time/window_times.hpp"
#include "window/window_settings.hpp"

namespace wallaroo::internal {

/// Numbers that all keys of a stage share.
struct SessionShape {
  explicit SessionShape(const WindowSettings& settings)
      : gap(settings.gap_ns), delay(settings.delay_ns), limits(gap + delay + 1) {}

  /// How long after its last record a session is due.
  std::int64_t longest_wait() const { return gap + delay; }

  std::int64_t gap;
  std::int64_t delay;
  TimeLimits limits;
};

/// The open sessions, in order of time and at least a gap apart. A session is aggregated in the
/// order in which its records arrive; when a record joins two sessions, the older one is combined
/// with the newer after it took the record. With Acc = std::uint64_t a key has 56 bytes, which hold
/// one session without an allocation.
template <class A, class In>
class SessionWindows {
 public:
  using Accumulator = AccumulatorOf<A>;
  using Shape = SessionShape;

  /// When to look for due sessions; not later than the first one is due.
  std::int64_t armed_ns() const { return armed_; }
  bool empty() const { return sessions_.empty(); }
  std::size_t open() const { return sessions_.size(); }

  /// The way of most records, which continue the newest session. Returns false for the others.
  [[gnu::always_inline]] bool add_to_open(const Shape& shape, const A& aggregation,
                                          const Arrival& arrival, const In& record) {
    if (sessions_.empty()) [[unlikely]] {
      return false;
    }
    Session& newest = sessions_.back();
    const std::int64_t time = shape.limits.clamp(arrival.time_ns);
    // The distance to a time before the first is a huge number.
    if (distance(newest.first, time) >= distance(newest.first, newest.last + shape.gap)) {
      return false;
    }
    aggregation.update(record, newest.accumulator);
    newest.last = std::max(newest.last, time);
    return true;
  }

  /// The way of the other records. Requires that all sessions due at arrival.limit_ns have fired.
  /// Does not call `emit`.
  template <class Emit>
  Placement add(const Shape& shape, const A& aggregation, const Arrival& arrival, const In& record,
                Emit&&) {
    const std::int64_t time = shape.limits.clamp(arrival.time_ns);
    auto after = std::upper_bound(sessions_.begin(), sessions_.end(), time,
                                  [](std::int64_t t, const Session& s) { return t < s.first; });
    const bool joins_before = after != sessions_.begin() && time < (after - 1)->last + shape.gap;
    const bool joins_after = after != sessions_.end() && after->first < time + shape.gap;
    if (joins_before) {
      Session& before = *(after - 1);
      aggregation.update(record, before.accumulator);
      before.last = std::max(before.last, time);
      if (joins_after) {
        before.accumulator = aggregation.combine(std::as_const(before.accumulator),
                                                 std::as_const(after->accumulator));
        before.last = after->last;
        sessions_.erase(after);
      }
    } else if (joins_after) {
      aggregation.update(record, after->accumulator);
      after->first = time;
    } else if (time + shape.longest_wait() <= arrival.limit_ns) {
      return Placement::late;
    } else {
      Session session{time, time, aggregation.initial_accumulator()};
      aggregation.update(record, session.accumulator);
      sessions_.insert(after, std::move(session));
      armed_ = std::min(armed_, time + shape.longest_wait());
    }
    return Placement::counted;
  }

  /// The time at which a late record counts in the oldest session, which does not grow by it;
  /// without sessions, the oldest time whose session is not due. `end_of_time` if time is over.
  std::int64_t oldest_place(const Shape& shape, const Arrival& arrival) const {
    if (!sessions_.empty()) {
      return sessions_.front().first;
    }
    return arrival.limit_ns > shape.limits.latest ? end_of_time
                                                  : arrival.limit_ns - shape.longest_wait() + 1;
  }

  /// The session that a late record makes by itself.
  static Window window_of(const Shape& shape, const Arrival& arrival) {
    const std::int64_t time = shape.limits.clamp(arrival.time_ns);
    return {time, time + shape.gap, Firing::late};
  }

  /// Calls emit(const Ready&, const Accumulator&) for at most `at_most` due sessions, in order of
  /// their end. Returns for how many.
  template <class Emit>
  std::size_t fire(const Shape& shape, const A&, const Arrival& arrival, std::size_t at_most,
                   Emit&& emit) {
    std::size_t fired = 0;
    while (fired < at_most && fired < sessions_.size() &&
           ready_at(shape, sessions_[fired]).due_ns <= arrival.limit_ns) {
      const Session& session = sessions_[fired++];
      emit(ready_at(shape, session), session.accumulator);
    }
    sessions_.erase(sessions_.begin(), sessions_.begin() + static_cast<std::ptrdiff_t>(fired));
    armed_ = sessions_.empty() ? end_of_time : ready_at(shape, sessions_.front()).due_ns;
    return fired;
  }

  /// Calls emit as fire() does for each session that holds one of the `changed` times.
  template <class Emit>
  void preview(const Shape& shape, const A&, const Arrival&, const std::set<std::int64_t>& changed,
               Emit&& emit) const {
    for (const Session& session : sessions_) {
      const auto touched = changed.lower_bound(session.first);
      if (touched != changed.end() && *touched <= session.last) {
        emit(ready_at(shape, session), session.accumulator);
      }
    }
  }
  struct Saved;
  Saved saved(std::int64_t) const { return {armed_, {sessions_.begin(), sessions_.end()}}; }
  static SessionWindows restored(Saved&& saved, std::int64_t) {
    SessionWindows windows;
    windows.armed_ = saved.armed;
    windows.sessions_.assign(std::make_move_iterator(saved.sessions.begin()),
                             std::make_move_iterator(saved.sessions.end()));
    return windows;
  }
  /// The start of the session that a record has changed, for preview(). Call after add().
  std::int64_t change(const Shape& shape, const Arrival& arrival) const {
    const std::int64_t time = shape.limits.clamp(arrival.time_ns);
    const auto after =
        std::upper_bound(sessions_.begin(), sessions_.end(), time,
                         [](std::int64_t t, const Session& s) { return t < s.first; });
    return after == sessions_.begin() ? time : (after - 1)->first;
  }

 private:
  struct Session {
    std::int64_t first;
    std::int64_t last;
    Accumulator accumulator;
  };

  static std::uint64_t distance(std::int64_t from, std::int64_t to) {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  }
  static Ready ready_at(const Shape& shape, const Session& session) {
    const std::int64_t end = session.last + shape.gap;
    return {{session.first, end, Firing::complete}, end + shape.delay, end - 1};
  }

  std::int64_t armed_ = end_of_time;
  boost::container::small_vector<Session, 1> sessions_;
};

template <class A, class In>
struct SessionWindows<A, In>::Saved {
  std::int64_t armed;
  std::vector<Session> sessions;
};

}  // namespace wallaroo::internal
