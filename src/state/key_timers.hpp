// The timers that state computations set for their keys, on one executor.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <wallaroo/types/timers.hpp>

#include "base/times.hpp"
#include "record/key.hpp"
#include "state/keyed_state.hpp"
#include "state/timers_of_key.hpp"

namespace wallaroo::internal {

/// Knows which timers are set, and fires those that are due. It has no clock and no thread. Event
/// times are nanoseconds since the Unix epoch, processing times nanoseconds of any clock that never
/// goes back.
///
/// A key has one entry in the queue of each kind of which it has timers. The entry is at the time
/// of its first timer or earlier: when a record moves the timer to a later time the entry stays,
/// and is moved when its time is reached. Timers that were cancelled, moved or fired take no
/// memory. So every call costs O(log n), and a key with one timer takes about 150 bytes. `Less`
/// compares times and ids.
template <class Key, class Less = std::less<>>
class KeyTimers {
 public:
  /// Sets a timer, and replaces the key's timer of this id if there is one. Without effect inside a
  /// timer that fires because the stream has ended: a timer that sets itself again would never end.
  void set(std::uint64_t hash, const Key& key, std::uint64_t id, TimerKind kind,
           std::int64_t due_ns) {
    if (watermark_ == end_of_time && firing_ns_ > before_end_) {
      return;
    }
    OfKey& of_key = timers_.find_or_create(hash, key);
    const std::optional<ArmedTimer> before = of_key.timers.set({id, due_ns, kind});
    if (!before) {
      ++armed_;
    } else if (before->kind != kind) {
      forget_place_without_timers(of_key, before->kind);
    }
    QueueLabels& place = of_key.place(kind);
    if (!place.is_queued) {
      place = {queue(kind).emplace(due_ns, Entry{hash, Stored(key), round_}), true};
    } else if (due_ns < place.at->first && !is_firing(place)) {
      move_to(kind, place, due_ns);
    }
  }

  void cancel(std::uint64_t hash, const Key& key, std::uint64_t id) {
    OfKey* const of_key = find(hash, key);
    const auto removed = of_key == nullptr ? std::nullopt : of_key->timers.remove(id);
    if (removed) {
      --armed_;
      forget_place_without_timers(*of_key, removed->kind);
      if (of_key->is_empty()) {
        timers_.erase(hash, key);
      }
    }
  }

  void on_watermark(std::int64_t watermark) {
    if (watermark == end_of_time && watermark_ != end_of_time) {
      before_end_ = watermark_;
    }
    watermark_ = std::max(watermark_, watermark);
  }
  void on_time(std::int64_t now_ns) { now_ns_ = std::max(now_ns_, now_ns); }

  /// Calls fire(hash, const Key&, const Timer&) for up to `at_most` due timers in order of their
  /// times, those of event time first. `fire` may set and cancel timers of its key. Returns true
  /// when there may be more.
  template <class Fire>
  bool fire_due(std::size_t at_most, Fire&& fire) {
    for (;; --at_most) {
      const bool event = is_due(TimerKind::event_time);
      if (!event && !is_closing() && !is_due(TimerKind::processing_time)) {
        return false;
      }
      if (at_most == 0) {
        return true;
      }
      if (event || !is_closing()) {
        fire_next(event ? TimerKind::event_time : TimerKind::processing_time, fire);
      } else {
        close_next(fire);
      }
    }
  }

  /// Fires the due timers of event time of one key. Call it before a record of the key, so that the
  /// record does not depend on where slices end. Counts `at_most` down; returns false when that was
  /// not enough, so that the record has to wait.
  template <class Fire>
  bool fire_due_of(std::uint64_t hash, const Key& key, std::size_t& at_most, Fire&& fire) {
    bool fired = false;
    while (is_due(TimerKind::event_time)) {
      OfKey* const of_key = find(hash, key);
      if (of_key == nullptr || !of_key->event.is_queued) {
        return true;
      }
      const auto first = of_key->timers.first(TimerKind::event_time);
      const bool due = first && first->due_ns <= watermark_;
      if (!due || at_most == 0) {
        if (fired) {
          settle(TimerKind::event_time, *of_key);
        }
        return !due;
      }
      --at_most;
      fired = true;
      fire_one(*of_key, of_key->event, *first, hash, key, fire);
    }
    return true;
  }

  /// Called when the time-out is over: `fire_due` then fires all timers that are set now for times
  /// before the end of time. To keep the order of times it also fires timers that these set, unless
  /// for a later time than the last timer that the key has now.
  void close() {
    if (can_close()) {
      ++round_;
      cursor_ = event_.begin();
      closing_ = true;
      close_until_ns_ = no_time;
    }
  }
  /// Ends closing because there was input. Timers that have not fired yet wait again.
  void stop_closing() {
    if (std::exchange(closing_, false) && close_until_ns_ != no_time) {
      settle(TimerKind::event_time, *find(cursor_->second.hash, cursor_->second.key));
    }
  }
  bool is_closing() const { return closing_; }
  /// True when `close` would make timers fire.
  bool can_close() const { return !closing_ && !event_.empty() && next_of(event_) != end_of_time; }

  /// A lower bound of the time at which a timer of this kind is due; `end_of_time` when there is
  /// none.
  std::int64_t next_due_ns(TimerKind kind) const {
    return next_of(kind == TimerKind::event_time ? event_ : processing_);
  }
  // For checkpoints. The queues are not saved, because they follow from the timers of the keys.
  StatePart* part() { return &timers_; }
  /// Rebuilds the queues. Call after the part was loaded.
  void restored(std::int64_t watermark, std::int64_t before_end = no_time) {
    watermark_ = watermark;
    before_end_ = before_end;
    std::vector<Stored> without;
    timers_.for_each([&](auto& entry) {
      if (entry.second.timers.empty()) {
        without.push_back(entry.first);
      }
      armed_ += entry.second.timers.size();
      for (const TimerKind kind : {TimerKind::event_time, TimerKind::processing_time}) {
        if (const auto first = entry.second.timers.first(kind)) {
          entry.second.place(kind) = {
              queue(kind).emplace(first->due_ns, Entry{hash_key(entry.first), entry.first, round_}),
              true};
        }
      }
    });
    for (const Stored& key : without) {
      timers_.erase(hash_key(key), key);
    }
  }

  std::int64_t watermark() const { return watermark_; }
  /// The last watermark before the end of the stream; `no_time` while the stream has not ended.
  std::int64_t before_end() const { return before_end_; }
  std::int64_t now_ns() const { return now_ns_; }
  /// The number of timers that are set.
  std::size_t size() const { return armed_; }
  std::size_t keys() const { return timers_.size(); }
  /// The number of entries in the queues.
  std::size_t queued() const { return event_.size() + processing_.size(); }

 private:
  using Stored = OwnedKey<Key>;
  struct Entry {
    std::uint64_t hash;
    Stored key;
    std::uint32_t round;  ///< the round of closing in which the entry was visited or made
  };
  using Queue = std::multimap<std::int64_t, Entry, Less>;
  struct QueueLabels {
    typename Queue::iterator at{};
    bool is_queued = false;
  };
  struct OfKey {
    TimersOfKey<Less> timers{};
    QueueLabels event{};
    QueueLabels processing{};

    QueueLabels& place(TimerKind kind) {
      return kind == TimerKind::event_time ? event : processing;
    }
    bool is_empty() const { return timers.empty() && !event.is_queued && !processing.is_queued; }

    struct SavedTimer {
      std::uint64_t id;
      std::int64_t due_ns;
      TimerKind kind;
    };
    using Saved = std::vector<SavedTimer>;
    Saved saved(std::int64_t wall_offset_ns) const {
      Saved saved;
      for (const ArmedTimer& timer : timers.all()) {
        saved.push_back({timer.id, shifted(timer.kind, timer.due_ns, wall_offset_ns), timer.kind});
      }
      return saved;
    }
    static OfKey restored(Saved&& saved, std::int64_t wall_offset_ns) {
      OfKey of_key;
      for (const SavedTimer& timer : saved) {
        of_key.timers.set(
            {timer.id, shifted(timer.kind, timer.due_ns, -wall_offset_ns), timer.kind});
      }
      return of_key;
    }
    static std::int64_t shifted(TimerKind kind, std::int64_t due_ns, std::int64_t by_ns) {
      return kind == TimerKind::processing_time ? shift_time(due_ns, by_ns) : due_ns;
    }
  };

  template <class K>
  OfKey* find(std::uint64_t hash, const K& key) {
    const auto found = timers_.find(hash, key);
    return found == nullptr ? nullptr : &found->second;
  }

  Queue& queue(TimerKind kind) { return kind == TimerKind::event_time ? event_ : processing_; }
  static std::int64_t next_of(const Queue& queue) {
    return queue.empty() ? end_of_time : queue.begin()->first;
  }
  bool is_due(TimerKind kind) const {
    if (kind == TimerKind::event_time) {
      return !event_.empty() && event_.begin()->first <= watermark_;
    }
    return !processing_.empty() && processing_.begin()->first <= now_ns_ &&
           watermark_ != end_of_time;
  }

  // True while a timer of the entry's key fires. The entry must then stay, because `fire` uses its
  // key.
  bool is_firing(const QueueLabels& place) const { return &place.at->second == firing_; }

  void leave(typename Queue::iterator at) {
    if (closing_ && at == cursor_) {
      ++cursor_;
      close_until_ns_ = no_time;
    }
  }
  void move_to(TimerKind kind, QueueLabels& place, std::int64_t due_ns) {
    if (kind == TimerKind::event_time) {
      leave(place.at);
    }
    auto entry = queue(kind).extract(place.at);
    entry.key() = due_ns;
    place.at = queue(kind).insert(std::move(entry));
  }
  void forget_place_without_timers(OfKey& of_key, TimerKind kind) {
    QueueLabels& place = of_key.place(kind);
    if (place.is_queued && !is_firing(place) && !of_key.timers.first(kind)) {
      if (kind == TimerKind::event_time) {
        leave(place.at);
      }
      queue(kind).erase(place.at);
      place = {};
    }
  }

  // Moves the entry of a key to its next timer, or removes it. Call after timers of the key fired.
  void settle(TimerKind kind, OfKey& of_key) {
    QueueLabels& place = of_key.place(kind);
    const auto first = of_key.timers.first(kind);
    if (!first) {
      const std::uint64_t hash = place.at->second.hash;
      const Stored key = std::move(place.at->second.key);
      forget_place_without_timers(of_key, kind);
      if (of_key.is_empty()) {
        timers_.erase(hash, key);
      }
    } else if (first->due_ns != place.at->first) {
      move_to(kind, place, first->due_ns);
    }
  }

  template <class K, class Fire>
  void fire_one(OfKey& of_key, QueueLabels& place, const ArmedTimer& armed, std::uint64_t hash,
                const K& key, Fire& fire) {
    const Timer timer{armed.id, EventTime(std::chrono::nanoseconds(armed.due_ns)), armed.kind};
    of_key.timers.remove(armed.id);
    --armed_;
    firing_ns_ = armed.due_ns;
    firing_ = &place.at->second;
    fire(hash, static_cast<const Key&>(key), timer);
    firing_ = nullptr;
  }
  template <class Fire>
  void fire_one(OfKey& of_key, QueueLabels& place, const ArmedTimer& armed, Fire& fire) {
    const Entry& entry = place.at->second;
    if constexpr (std::is_same_v<Key, Stored>) {
      fire_one(of_key, place, armed, entry.hash, entry.key, fire);
    } else {
      fire_one(of_key, place, armed, entry.hash, Key(entry.key), fire);
    }
  }

  template <class Fire>
  void fire_next(TimerKind kind, Fire&& fire) {
    const auto next = queue(kind).begin();
    OfKey& of_key = *find(next->second.hash, next->second.key);
    const auto first = of_key.timers.first(kind);
    if (first && first->due_ns == next->first) {
      fire_one(of_key, of_key.place(kind), *first, fire);
    }
    settle(kind, of_key);
  }

  // Visits the entries that existed when closing began, in order of their times, each of them once,
  // and fires all timers of a key before it goes on. An entry that was visited is marked with the
  // round, so that it is skipped when it moves ahead of the cursor.
  template <class Fire>
  void close_next(Fire&& fire) {
    if (cursor_ == event_.end() || cursor_->first == end_of_time) {
      closing_ = false;
      return;
    }
    if (cursor_->second.round == round_) {
      ++cursor_;
      return;
    }
    OfKey& of_key = *find(cursor_->second.hash, cursor_->second.key);
    if (close_until_ns_ == no_time) {
      close_until_ns_ = of_key.timers.last_event_time();
    }
    const auto first = of_key.timers.first(TimerKind::event_time);
    if (first && first->due_ns <= close_until_ns_) {
      fire_one(of_key, of_key.event, *first, fire);
    } else {
      cursor_->second.round = round_;
      ++cursor_;
      close_until_ns_ = no_time;
      settle(TimerKind::event_time, of_key);
    }
  }

  KeyedState<Key, OfKey> timers_{"timers"};
  Queue event_;
  Queue processing_;
  std::int64_t watermark_ = no_time;
  // The last watermark before the end of the stream. Timers up to it fire as if the end had not
  // come yet, which matters when they are too many to fire at once.
  std::int64_t before_end_ = no_time;
  std::int64_t firing_ns_ = end_of_time;  ///< the time of the timer that fired last
  const Entry* firing_ = nullptr;         ///< entry of the key whose timer fires now
  std::int64_t now_ns_ = no_time;
  std::size_t armed_ = 0;

  bool closing_ = false;
  std::uint32_t round_ = 0;
  typename Queue::iterator cursor_{};      ///< in event_, while closing
  std::int64_t close_until_ns_ = no_time;  ///< last timer of the cursor's key when its turn began
};

}  // namespace wallaroo::internal
