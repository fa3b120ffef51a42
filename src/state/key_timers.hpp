// The timers that state computations set for their keys, on one executor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>
#include <wallaroo/timers.hpp>

#include "base/times.hpp"
#include "record/key.hpp"
#include "state/keyed_state.hpp"
#include "state/timer_queue.hpp"

namespace wallaroo::internal {

/// Which timers are set and due; no clock, no thread. Times are nanoseconds since the Unix epoch,
/// of processing time nanoseconds of any clock that never goes back.
///
/// A timer that is moved to a later time, or cancelled and set again, keeps its entry in the queue
/// of what is due and is looked at again when that is reached: so a timer that each record moves
/// costs a search among the timers of its key, and the queue does not grow. A key pays for the
/// timers it has, about 32 bytes each and time in proportion to their number; without any it costs
/// nothing.
template <class Key>
class KeyTimers {
 public:
  /// Replaces the key's timer of this id, if it has one. Without effect for a timer that fires
  /// because the stream has ended: one that sets itself again each time would never come to an end.
  void set(std::uint64_t hash, const Key& key, std::uint64_t id, TimerKind kind,
           std::int64_t due_ns) {
    if (watermark_ == end_of_time && firing_ns_ > before_end_) {
      return;
    }
    Armed& armed = find_or_add(timers_.find_or_create(hash, key), id);
    armed_ += armed.is_set ? 0 : 1;
    armed.is_set = true;
    armed.due_ns = due_ns;
    if (!armed.is_queued || armed.kind != kind || due_ns < armed.queued_ns) {
      armed.is_queued = true;
      armed.kind = kind;
      armed.queued_ns = due_ns;
      queue(kind).add(due_ns, Entry{hash, Stored(key), id});
    }
  }

  void cancel(std::uint64_t hash, const Key& key, std::uint64_t id) {
    OfKey* const of_key = find(hash, key);
    Armed* const armed = of_key == nullptr ? nullptr : find_id(*of_key, id);
    if (armed != nullptr && armed->is_set) {
      armed->is_set = false;
      --armed_;
    }
  }

  void on_watermark(std::int64_t watermark) {
    if (watermark == end_of_time && watermark_ != end_of_time) {
      before_end_ = watermark_;
    }
    watermark_ = std::max(watermark_, watermark);
  }
  void on_time(std::int64_t now_ns) { now_ns_ = std::max(now_ns_, now_ns); }

  /// Calls fire(hash, const Key&, const Timer&) for up to `at_most` timers in order of their times,
  /// those of event time first. `fire` may set and cancel timers. True when there may be more.
  template <class Fire>
  bool fire_due(std::size_t at_most, Fire&& fire) {
    while (true) {
      const bool event = is_due(TimerKind::event_time);
      if (!event && !is_due(TimerKind::processing_time)) {
        return false;
      }
      if (at_most == 0) {
        return true;
      }
      --at_most;
      fire_next(event ? TimerKind::event_time : TimerKind::processing_time, fire);
    }
  }

  /// The same for all timers of event time of one key: to be called before a record of the key, so
  /// that what a record finds does not depend on where slices end.
  template <class Fire>
  void fire_due_of(std::uint64_t hash, const Key& key, Fire&& fire) {
    while (is_due(TimerKind::event_time)) {
      OfKey* const of_key = find(hash, key);
      Armed* const first = of_key == nullptr ? nullptr : first_due(*of_key);
      if (first == nullptr) {
        return;
      }
      const Timer timer = take(hash, key, *of_key, *first);
      firing_ns_ = timer.due.time_since_epoch().count();
      fire(hash, key, timer);
    }
  }

  /// No timer of this kind is due earlier; `end_of_time` when there is none. May be too early.
  std::int64_t next_due_ns(TimerKind kind) const {
    return kind == TimerKind::event_time ? event_.next_due() : processing_.next_due();
  }
  // Checkpoints. The queues follow from the keys' timers.
  StatePart* part() { return &timers_; }
  /// After the part was loaded.
  void restored(std::int64_t watermark, std::int64_t before_end = no_time) {
    watermark_ = watermark;
    before_end_ = before_end;
    std::vector<Stored> without;
    timers_.for_each([&](auto& entry) {
      if (entry.second.empty()) {
        without.push_back(entry.first);
      }
      const std::uint64_t hash = hash_key(entry.first);
      for (const Armed& armed : entry.second) {
        queue(armed.kind).add(armed.due_ns, Entry{hash, entry.first, armed.id});
        ++armed_;
      }
    });
    for (const Stored& key : without) {
      timers_.erase(hash_key(key), key);
    }
  }

  std::int64_t watermark() const { return watermark_; }
  /// The last one before the end of the stream, if that has come.
  std::int64_t before_end() const { return before_end_; }
  std::int64_t now_ns() const { return now_ns_; }
  /// How many timers are set.
  std::size_t size() const { return armed_; }
  std::size_t keys() const { return timers_.size(); }
  /// Entries of the queues, those that do not count any more among them.
  std::size_t queued() const { return event_.size() + processing_.size(); }

 private:
  // One that is not set is kept while its entry is in the queue, to be set again with it.
  struct Armed {
    std::uint64_t id = 0;
    std::int64_t due_ns = 0;
    std::int64_t queued_ns = 0;  // the time of the entry that counts; not after due_ns
    TimerKind kind = TimerKind::event_time;
    bool is_set = false;
    bool is_queued = false;
  };
  // In order of id. Stored without those that are not set.
  struct OfKey : boost::container::small_vector<Armed, 1> {
    struct SavedTimer {
      std::uint64_t id;
      std::int64_t due_ns;
      TimerKind kind;
    };
    using Saved = std::vector<SavedTimer>;
    Saved saved(std::int64_t wall_offset_ns) const {
      Saved saved;
      for (const Armed& armed : *this) {
        if (armed.is_set) {
          saved.push_back(
              {armed.id, shifted(armed.kind, armed.due_ns, wall_offset_ns), armed.kind});
        }
      }
      return saved;
    }
    static OfKey restored(Saved&& saved, std::int64_t wall_offset_ns) {
      OfKey of_key;
      for (const SavedTimer& timer : saved) {
        const std::int64_t due_ns = shifted(timer.kind, timer.due_ns, -wall_offset_ns);
        of_key.push_back({timer.id, due_ns, due_ns, timer.kind, true, true});
      }
      return of_key;
    }
    static std::int64_t shifted(TimerKind kind, std::int64_t due_ns, std::int64_t by_ns) {
      return kind == TimerKind::processing_time ? shift_time(due_ns, by_ns) : due_ns;
    }
  };
  using Table = KeyedState<Key, OfKey>;
  using Stored = typename Table::Stored;
  struct Entry {
    std::uint64_t hash;
    Stored key;
    std::uint64_t id;
  };

  template <class K>
  OfKey* find(std::uint64_t hash, const K& key) {
    const auto found = timers_.find(hash, key);
    return found == nullptr ? nullptr : &found->second;
  }
  static auto place_of(OfKey& of_key, std::uint64_t id) {
    return std::lower_bound(
        of_key.begin(), of_key.end(), id,
        [](const Armed& armed, std::uint64_t wanted) { return armed.id < wanted; });
  }
  static Armed* find_id(OfKey& of_key, std::uint64_t id) {
    const auto place = place_of(of_key, id);
    return place == of_key.end() || place->id != id ? nullptr : &*place;
  }
  static Armed& find_or_add(OfKey& of_key, std::uint64_t id) {
    const auto place = place_of(of_key, id);
    if (place != of_key.end() && place->id == id) {
      return *place;
    }
    Armed armed;
    armed.id = id;
    return *of_key.insert(place, armed);
  }

  TimerQueue<Entry>& queue(TimerKind kind) {
    return kind == TimerKind::event_time ? event_ : processing_;
  }
  bool is_due(TimerKind kind) const {
    if (kind == TimerKind::event_time) {
      return !event_.empty() && event_.next_due() <= watermark_;
    }
    return !processing_.empty() && processing_.next_due() <= now_ns_ && watermark_ != end_of_time;
  }

  // The earliest of the key's timers of event time that are due, of those the one of the least id.
  Armed* first_due(OfKey& of_key) {
    Armed* first = nullptr;
    for (Armed& armed : of_key) {
      if (armed.is_set && armed.kind == TimerKind::event_time && armed.due_ns <= watermark_ &&
          (first == nullptr || armed.due_ns < first->due_ns)) {
        first = &armed;
      }
    }
    return first;
  }

  template <class Fire>
  void fire_next(TimerKind kind, Fire&& fire) {
    const std::int64_t time_ns = queue(kind).next_due();
    Entry entry = queue(kind).pop();
    OfKey* const of_key = find(entry.hash, entry.key);
    Armed* const armed = of_key == nullptr ? nullptr : find_id(*of_key, entry.id);
    if (armed == nullptr || armed->kind != kind || armed->queued_ns != time_ns) {
      return;
    }
    if (!armed->is_set) {
      remove(entry.hash, entry.key, *of_key, *armed);
    } else if (armed->due_ns > time_ns) {
      armed->queued_ns = armed->due_ns;
      const std::int64_t due_ns = armed->due_ns;
      queue(kind).add(due_ns, std::move(entry));
    } else {
      // Among timers of one time the order of the queue is that of what was set when; but it must
      // be the same here as in fire_due_of. Another one's entry is still to come, and finds
      // nothing.
      Armed& first = *std::find_if(of_key->begin(), of_key->end(), [&](const Armed& other) {
        return other.is_set && other.kind == kind && other.due_ns == time_ns;
      });
      const Timer timer = take(entry.hash, entry.key, *of_key, first);
      if (timer.id != entry.id) {
        queue(kind).add(time_ns, entry);
      }
      firing_ns_ = time_ns;
      fire(entry.hash, static_cast<const Key&>(Key(entry.key)), timer);
    }
  }

  template <class K>
  Timer take(std::uint64_t hash, const K& key, OfKey& of_key, Armed& armed) {
    const Timer timer{armed.id, EventTime(std::chrono::nanoseconds(armed.due_ns)), armed.kind};
    --armed_;
    remove(hash, key, of_key, armed);
    return timer;
  }

  template <class K>
  void remove(std::uint64_t hash, const K& key, OfKey& of_key, Armed& armed) {
    of_key.erase(of_key.begin() + (&armed - of_key.data()));
    if (of_key.empty()) {
      timers_.erase(hash, key);
    }
  }

  Table timers_{"timers"};
  TimerQueue<Entry> event_;
  TimerQueue<Entry> processing_;
  std::int64_t watermark_ = no_time;
  // What was due by the last watermark before the end fires as if that had not come yet, which may
  // be so while there is much to fire.
  std::int64_t before_end_ = no_time;
  std::int64_t firing_ns_ = end_of_time;  ///< when the timer was due that fired last
  std::int64_t now_ns_ = no_time;
  std::size_t armed_ = 0;
};

}  // namespace wallaroo::internal
