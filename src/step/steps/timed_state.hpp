// The state of a state computation with timers or expiring state, on one executor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <wallaroo/types/expiry.hpp>

#include "state/expiring_state.hpp"
#include "state/key_timers.hpp"
#include "state/loading.hpp"
#include "state/stage_state.hpp"

namespace wallaroo::internal {

/// When the states of keys expire. A duration of 0 means never.
struct Expiry {
  std::int64_t duration_ns = 0;
  ExpiryTime time = ExpiryTime::event_time;
};

/// Key is NoKey in a chain without keys.
template <class Key, class State, bool Expires, bool has_timers>
struct TimedState : StageState {
  using States = std::conditional_t<Expires, ExpiringState<Key, State>, KeyedState<Key, State>>;

  explicit TimedState(const Expiry& expiry)
      : states(make_states(expiry)), by_event(expiry.time == ExpiryTime::event_time) {}
  static States make_states(const Expiry& expiry) {
    if constexpr (Expires) {
      return States(expiry.duration_ns, expiry.time == ExpiryTime::processing_time);
    } else {
      return States();
    }
  }

  struct Saved {
    std::int64_t watermark = no_time;
    std::int64_t passed_ns = no_time;
    std::int64_t expired_at_ns = no_time;
    bool all_fired = false;
    std::int64_t before_end = no_time;
  };
  std::vector<StatePart*> parts() override {
    std::vector<StatePart*> all;
    if constexpr (Expires) {
      all.push_back(states.part());
    } else {
      all.push_back(&states);
    }
    if constexpr (has_timers) {
      all.push_back(timers.part());
    }
    return all;
  }
  std::string instance_schema() const override { return schema_text<Saved>(); }
  std::string save_instance(std::int64_t) override {
    return store_one(Saved{timers.watermark(), passed_ns, by_event ? expired_at_ns : no_time,
                           all_fired, timers.before_end()});
  }
  // Combines the values of several executors by their minimum: the step is as far as the slowest.
  void load_instances(const SavedInstances& instances, std::int64_t) override {
    const auto all = load_all<Saved>(instances);
    Saved least = all.front();
    for (const Saved& one : all) {
      least.watermark = std::min(least.watermark, one.watermark);
      least.passed_ns = std::min(least.passed_ns, one.passed_ns);
      least.expired_at_ns = std::min(least.expired_at_ns, one.expired_at_ns);
      least.all_fired = least.all_fired && one.all_fired;
      least.before_end = std::min(least.before_end, one.before_end);
    }
    passed_ns = least.passed_ns;
    expired_at_ns = least.expired_at_ns;
    all_fired = least.all_fired;
    timers.restored(least.watermark, least.before_end);
    if constexpr (Expires) {
      states.restored(expired_at_ns);
    }
  }

  /// The greatest watermark that no output of a timer can be behind. Timers may be set for the end
  /// of time, and their outputs must not be late for the stages that follow.
  std::int64_t passed_by(std::int64_t watermark) const {
    if (!has_timers || all_fired || timers.size() == 0) {
      return watermark;
    }
    const std::int64_t reached = watermark == end_of_time ? timers.before_end() : watermark;
    return std::min(reached, saturating_add(timers.next_due_ns(TimerKind::event_time), -1));
  }

  void expire_at(std::int64_t now_ns) {
    if constexpr (Expires) {
      expired_at_ns = std::max(expired_at_ns, now_ns);
      states.on_time(now_ns);
    }
  }
  std::int64_t next_expiry() const {
    if constexpr (Expires) {
      return states.next_due_ns();
    } else {
      return end_of_time;
    }
  }
  bool expiring_due() const {
    return Expires && next_expiry() <= expired_at_ns && next_expiry() != end_of_time;
  }
  bool expire_some(std::size_t at_most) {
    if constexpr (Expires) {
      return states.expire_due(at_most);
    } else {
      return false;
    }
  }
  /// How many states have expired.
  std::uint64_t expired() const {
    if constexpr (Expires) {
      return states.expired();
    } else {
      return 0;
    }
  }

  States states;
  KeyTimers<Key> timers;
  std::int64_t passed_ns = no_time;  ///< the watermark behind this step
  bool all_fired = false;            ///< the stream has ended, and no timer fires any more
  std::int64_t expired_at_ns = no_time;
  bool by_event;
};

}  // namespace wallaroo::internal
