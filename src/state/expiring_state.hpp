// One value per key that leaves when it was not used for a time.
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

/// A state whose key was last used at time u is State{} again from u + duration on, whether or not
/// its memory was given back by then. Pure: what time it is comes with `on_time`, either the
/// watermark, together with the times of records, or a processing time throughout.
///
/// A use only notes its time. A key has one entry in the queue, looked at when its first use
/// expires and moved to the end of its last, so the cost of a use is a constant on average. Entries
/// are moved to multiples of a 64th of the duration, to have few different times in the queue; so
/// memory is kept that much longer at most, which no result shows.
template <class Key, class State>
class ExpiringState {
 public:
  /// `by_engine_time`: the times it is given are those of the engine's clock.
  explicit ExpiringState(std::int64_t duration_ns, bool by_engine_time = false)
      : duration_ns_(std::max<std::int64_t>(1, duration_ns)), grain_ns_(duration_ns_ / 64 + 1) {
    states_.shift_times(by_engine_time);
  }

  /// Uses the key's state at `time_ns`; an earlier time than that of its last use does not shorten
  /// its life. What is used so late that it has expired already starts as State{} and is forgotten.
  /// The reference is valid until the next call.
  State& find_or_create(std::uint64_t hash, const Key& key, std::int64_t time_ns) {
    return find_or_create(hash, key, time_ns, now_ns_);
  }
  /// The same, expired or not as it is at `as_of_ns`, which may be later than what `on_time` said:
  /// so that what a use finds does not depend on how far memory was given back.
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
      // Its entry in the queue finds the new state's time when it is due.
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

  /// Gives back what is expired, looking at up to `at_most` keys. True when there may be more.
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

  // Checkpoints. The queue follows from when the keys were used.
  StatePart* part() { return &states_; }
  /// After the part was loaded.
  void restored(std::int64_t now_ns) {
    now_ns_ = now_ns;
    states_.for_each([&](auto& entry) {
      timers_.add(queue_time(entry.second.last_ns), Entry{hash_key(entry.first), entry.first});
    });
  }
  std::int64_t now_ns() const { return now_ns_; }

  /// Keys that have a state, expired ones of which the memory was not given back among them.
  std::size_t size() const { return states_.size(); }
  /// How often a key's state was forgotten.
  std::uint64_t expired() const { return expired_; }
  /// When expire_due has something to do, at the earliest; `end_of_time` when never.
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

  // When the queue looks at a key last used then: not before it expires.
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
