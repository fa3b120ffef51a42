// Applies the requests that one call of a computation made of its timers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <wallaroo/types/timers.hpp>

#include "base/times.hpp"
#include "state/key_timers.hpp"

namespace wallaroo {

struct internal::TimersAccess {
  /// Prepares a call. Drops the requests of the call before, which may have thrown.
  static void begin(Timers& timers, std::int64_t event_time_ns, std::int64_t watermark) {
    timers.requests_.clear();
    timers.event_time_ = EventTime(std::chrono::nanoseconds(event_time_ns));
    timers.watermark_ = EventTime(std::chrono::nanoseconds(watermark));
  }

  /// Applies the requests of a call that has returned.
  template <class Key>
  static void apply(Timers& timers, KeyTimers<Key>& set, std::uint64_t hash, const Key& key) {
    const auto& requests = timers.requests_;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const Timers::Request& request = requests[i];
      // Of successive requests for one timer only the last counts. After the end of the stream all
      // are applied, because setting may have no effect then, but cancelling has.
      if (i + 1 < requests.size() && requests[i + 1].id == request.id &&
          set.watermark() != end_of_time) {
        continue;
      }
      switch (request.action) {
        case Timers::Action::at:
          set.set(hash, key, request.id, TimerKind::event_time, request.ns);
          break;
        case Timers::Action::after:
          set.set(hash, key, request.id, TimerKind::processing_time,
                  saturating_add(set.now_ns(), std::max<std::int64_t>(0, request.ns)));
          break;
        case Timers::Action::cancel:
          set.cancel(hash, key, request.id);
          break;
      }
    }
    timers.requests_.clear();
  }
};

}  // namespace wallaroo
