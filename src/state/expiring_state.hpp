// One value per key, which expires when it is not used for a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/times.hpp"
#include "record/key.hpp"
#include "state/keyed_state.hpp"
#include "state/timer_queue.hpp"

namespace wallaroo::internal {

/// A state that was last used at time u is State{} again from u + duration on, whether or not its
/// memory was freed by then. Pure: `on_time` tells the time. Either all times are event times, and
/// `on_time` gets the watermark, or all are processing times.
///
/// A use only stores its time. A key has one entry in the queue, which is visited when its first
/// use expires and then moved to the expiry of its last use, so the cost of a use is constant on
/// average. Expiries are rounded up to multiples of a 64th of the duration, so that the queue has
/// few different times; this keeps memory a little longer, and does not affect results.
template <class Key, class State>
class ExpiringState {
 public:
  /// `by_engine_time` says that all times are those of the engine's clock.
  explicit ExpiringState(std::int64_t duration_ns, bool by_engine_time = false)
      : duration_ns_(std::max<std::int64_t>(1, duration_ns)), grain_ns_(duration_ns_ / 64 + 1) {
    states_.shift_times(by_engine_time);
  }

  /// Uses the key's state at `time_ns`. A time before that of the last use does not shorten its
  /// life. A state that is used so late that it would be expired already starts as State{}, and is
  /// forgotten afterwards. The reference is valid until the next call.
  State& find_or_create(std::uint64_t hash, const Key& key, std::int64_t time_ns) {
    return find_or_create(hash, key, time_ns, now_ns_);
  }
  /// The same, but decides at `as_of_ns` whether the state has expired. That may be later than the
  /// time of `on_time`, so that a use does not depend on how much memory was freed already.
  State& find_or_create(std::uint64_t hash, const Key& key, std::int64_t time_ns,
                        std::int64_t as_of_ns) {
    time_ns = std::max(time_ns, no_time + 1);
    Used* used = &states_.find_or_create(hash, key);
    if (used->last_ns == no_time) {
      used->last_ns = time_ns;
      timers_.add(queue_time(time_ns), Entry{hash, Stored(key)});
      return used->state;
    }
    if (is_expired(*used, as_of_ns)) [[unlikely]] {
      // The key's entry in the queue stays; when it is due it finds the time of the new state.
      ++expired_;
      states_.erase(hash, key);
      used = &states_.find_or_create(hash, key);
      used->last_ns = time_ns;
      return used->state;
    }
    used->last_ns = std::max(used->last_ns, time_ns);
    return used->state;
  }

  void on_time(std::int64_t now_ns) { now_ns_ = std::max(now_ns_, now_ns); }

  /// Frees expired states, visiting up to `at_most` keys. Returns true when there may be more.
  bool expire_due(std::size_t at_most) {
    while (!timers_.empty() && timers_.next_due() <= now_ns_) {
      if (at_most == 0) {
        return true;
      }
      --at_most;
      expire_or_move(timers_.pop());
    }
    return false;
  }

  // For checkpoints. The queue is not saved, because it follows from the times of the last uses.
  StatePart* part() { return &states_; }
  /// Rebuilds the queue. Call after the part was loaded.
  void restored(std::int64_t now_ns) {
    now_ns_ = now_ns;
    states_.for_each([&](auto& entry) {
      timers_.add(queue_time(entry.second.last_ns), Entry{hash_key(entry.first), entry.first});
    });
  }
  std::int64_t now_ns() const { return now_ns_; }

  /// The number of keys with a state, including expired states that were not freed yet.
  std::size_t size() const { return states_.size(); }
  /// How often a key's state was forgotten.
  std::uint64_t expired() const { return expired_; }
  /// The earliest time at which expire_due may have something to do; `end_of_time` when never.
  std::int64_t next_due_ns() const { return timers_.next_due(); }

 private:
  struct Used {
    State state{};
    std::int64_t last_ns = no_time;

    struct Saved {
      State state;
      std::int64_t last_ns;
    };
    Saved saved(std::int64_t wall_offset_ns) const {
      return {state, shift_time(last_ns, wall_offset_ns)};
    }
    static Used restored(Saved&& saved, std::int64_t wall_offset_ns) {
      return {std::move(saved.state), shift_time(saved.last_ns, -wall_offset_ns)};
    }
  };
  using States = KeyedState<Key, Used>;
  using Stored = typename States::Stored;
  struct Entry {
    std::uint64_t hash;
    Stored key;
  };

  bool is_expired(const Used& used, std::int64_t as_of_ns) const {
    return saturating_add(used.last_ns, duration_ns_) <= as_of_ns;
  }

  // The time at which the queue visits a key that was last used at `last_ns`, not before it
  // expires.
  std::int64_t queue_time(std::int64_t last_ns) const {
    const std::int64_t expires_ns = saturating_add(last_ns, duration_ns_);
    const std::int64_t above = expires_ns % grain_ns_;
    return saturating_add(expires_ns, above > 0 ? grain_ns_ - above : -above);
  }

  void expire_or_move(Entry entry) {
    const auto* const found = states_.find(entry.hash, entry.key);
    if (found == nullptr) {
      return;
    }
    const Used& used = found->second;
    if (is_expired(used, now_ns_)) {
      ++expired_;
      states_.erase(entry.hash, entry.key);
    } else {
      const std::int64_t due_ns = queue_time(used.last_ns);
      timers_.add(due_ns, std::move(entry));
    }
  }

  std::int64_t duration_ns_;
  std::int64_t grain_ns_;
  std::int64_t now_ns_ = no_time;
  States states_;
  TimerQueue<Entry> timers_;
  std::uint64_t expired_ = 0;
};

}  // namespace wallaroo::internal
