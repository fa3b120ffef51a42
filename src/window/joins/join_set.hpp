// The interval join of two keyed streams, on one executor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/times.hpp"
#include "record/key.hpp"
#include "record/views.hpp"
#include "state/keyed_state.hpp"
#include "state/timer_queue.hpp"
#include "window/joins/join_buffer.hpp"
#include "window/joins/join_clock.hpp"
#include "window/joins/join_settings.hpp"
#include "window/time/late_arrival.hpp"

namespace wallaroo::internal {

struct JoinCounts {
  std::uint64_t matched = 0;    ///< pairs emitted
  std::uint64_t unmatched = 0;  ///< records emitted alone
  std::uint64_t late = 0;       ///< records that came late, counted in any case
  std::uint64_t dropped = 0;    ///< late records that are in no output
  std::uint64_t buffered = 0;   ///< records that wait, now
};

/// Decides what a join does with records and watermarks. It has no clock and no thread.
///
/// A record waits until the watermark says that nothing can match it any more
/// (JoinSideTimes::leaves). A pair that can be made is made, once: when the second of its records
/// arrives while the first one waits, whichever that is and however late. When a record that never
/// matched leaves, it is emitted alone, if the kind of the join asks for that on its side. A late
/// record (JoinTimes::first_on_time) is different, because its partners may have come and left
/// before it. The policy decides about it: `drop`, `to_stream`, or `fire_per_message`, which emits
/// it alone nevertheless.
///
/// A time-out makes all waiting records leave, as if the watermark had got there; later records
/// behind that are late.
///
/// Due records leave in slices (`fire_due`). Before a record is handled, all due records of its key
/// leave, without bound. So each key's outputs, and their order, do not depend on where slices end.
///
/// Outputs go to an `Out`, which must not call the set:
///
///     void pair(const Key&, std::int64_t time_ns, const Left&, const Right&);
///     void left_alone(const Key&, std::int64_t time_ns, Left&&);    // and right_alone
///     void late_left(const Key&, std::int64_t time_ns, Left&&);     // and late_right
///
/// A pair has the later of its records' times, other outputs have their record's. No time is less
/// than output_watermark(), except those of late records, alone or not, and of pairs that a late
/// record completes.
///
/// A record costs a search in its key's buffers, and its pairs; a key costs nothing while no record
/// of it waits.
template <class Key, class Left, class Right>
class JoinSet : public JoinClock {
  static_assert(!holds_views<Left> && !holds_views<Right>,
                "wallaroo: a join keeps records after their batch is gone, so they must own their "
                "bytes: one of its record types holds a view (std::string_view, std::span or a "
                "pointer); keep a std::string or a std::vector instead");

 public:
  /// The settings must have passed check_join_settings.
  explicit JoinSet(const JoinSettings& settings)
      : JoinClock(settings.timeout_ns),
        times_(settings),
        late_(settings.late),
        left_outer_(settings.kind == JoinKind::left || settings.kind == JoinKind::full),
        right_outer_(settings.kind == JoinKind::right || settings.kind == JoinKind::full) {}

  template <class Out>
  void on_left(std::uint64_t hash, const Key& key, std::int64_t time_ns, Left record, Out& out) {
    on_record<Side::left>({hash, key}, {time_ns, false, std::move(record), false}, out);
  }
  template <class Out>
  void on_right(std::uint64_t hash, const Key& key, std::int64_t time_ns, Right record, Out& out) {
    on_record<Side::right>({hash, key}, {time_ns, false, std::move(record), false}, out);
  }

  /// Takes processing time. Call after every batch of other events (from then on the stage counts
  /// as idle), and at next_time_ns(). Emits nothing; `fire_due` does.
  void on_time(std::int64_t now_ns) { pass_time(now_ns, closing_limit()); }
  /// When on_time() has something to do; `end_of_time`: never, unless other events come.
  std::int64_t next_time_ns() const { return timeout_at(closing_limit()); }

  /// Whether fire_due() would do something.
  bool due() const { return !timers_.empty() && timers_.next_due() <= limit_; }

  /// Lets at most `at_most` due records leave. Returns true if there may be more.
  template <class Out>
  bool fire_due(std::size_t at_most, Out& out) {
    while (due()) {
      if (at_most == 0) {
        return true;
      }
      const std::size_t before = at_most;
      fire_next(at_most, out);
      at_most = std::min(at_most, before - 1);
    }
    return false;
  }

  /// No later output has an earlier time, except those of late records. Never goes back.
  std::int64_t output_watermark() const {
    std::int64_t earliest = times_.first_on_time(watermark_);
    if (left_outer_) {
      earliest = std::min(earliest, first_alone(times_.left));
    }
    if (right_outer_) {
      earliest = std::min(earliest, first_alone(times_.right));
    }
    return earliest;
  }

  /// The output watermark once all records that are due by `watermark` have left.
  std::int64_t output_watermark_at(std::int64_t watermark) const {
    std::int64_t earliest = times_.first_on_time(watermark);
    if (left_outer_) {
      earliest = std::min(earliest, times_.left.earliest_alone(watermark));
    }
    if (right_outer_) {
      earliest = std::min(earliest, times_.right.earliest_alone(watermark));
    }
    return earliest;
  }

  // Checkpoints. Timers are not saved, because they follow from the records that wait.
  std::vector<StatePart*> parts() { return {&slots_}; }
  /// Call after the parts were loaded, besides JoinClock::restore for the clock.
  void restored() {
    slots_.for_each([&](auto& entry) {
      Slot& slot = entry.second;
      counts_.buffered += slot.left.all().size() + slot.right.all().size();
      newest_left_ = std::max(newest_left_, slot.left.newest());
      newest_right_ = std::max(newest_right_, slot.right.newest());
      slot.armed = std::min(first_leaves<Side::left>(slot), first_leaves<Side::right>(slot));
      timers_.add(slot.armed, Due{hash_key(entry.first), entry.first});
    });
  }

  const JoinCounts& counts() const { return counts_; }
  /// The number of keys of which records wait.
  std::size_t keys() const { return slots_.size(); }

 private:
  enum class Side { left, right };

  struct Slot {
    JoinBuffer<Left> left;
    JoinBuffer<Right> right;
    std::int64_t armed = no_time;  // the time of the key's timer that counts, if it has one
    bool empty() const { return left.empty() && right.empty(); }

    struct Saved {
      std::vector<typename JoinBuffer<Left>::Entry> left;
      std::vector<typename JoinBuffer<Right>::Entry> right;
    };
    Saved saved(std::int64_t) const {
      const auto all_left = left.all();
      const auto all_right = right.all();
      return {{all_left.begin(), all_left.end()}, {all_right.begin(), all_right.end()}};
    }
    static Slot restored(Saved&& saved, std::int64_t) {
      Slot slot;
      slot.left.assign(std::move(saved.left));
      slot.right.assign(std::move(saved.right));
      return slot;
    }
  };
  using Slots = KeyedState<Key, Slot>;
  using Stored = typename Slots::Stored;
  struct Due {
    std::uint64_t hash;
    Stored key;
  };
  using HashedKey = KeyRef<const Key&>;
  template <Side side>
  using Entry =
      typename std::conditional_t<side == Side::left, JoinBuffer<Left>, JoinBuffer<Right>>::Entry;

  static constexpr Side other(Side side) { return side == Side::left ? Side::right : Side::left; }
  template <Side side>
  static auto& buffer(Slot& slot) {
    if constexpr (side == Side::left) {
      return slot.left;
    } else {
      return slot.right;
    }
  }
  template <Side side>
  const JoinSideTimes& times() const {
    return side == Side::left ? times_.left : times_.right;
  }
  template <Side side>
  bool outer() const {
    return side == Side::left ? left_outer_ : right_outer_;
  }

  template <class K>
  Slot* find(std::uint64_t hash, const K& key) {
    const auto entry = slots_.find(hash, key);
    return entry == nullptr ? nullptr : &entry->second;
  }

  template <Side side, class Out>
  void on_record(const HashedKey& place, Entry<side> entry, Out& out) {
    active_ = true;
    const std::int64_t limit = limit_of(place.hash);
    entry.late = limit == end_of_time || entry.time_ns < times_.first_on_time(limit);
    counts_.late += entry.late ? 1 : 0;
    const bool waits = times<side>().leaves(entry.time_ns) > limit;
    Slot* const slot =
        waits ? &slots_.find_or_create(place.hash, place.key) : find(place.hash, place.key);
    if (slot != nullptr) {
      std::size_t unbounded = static_cast<std::size_t>(-1);
      take_due(place.key, *slot, limit, unbounded, out);
      match<side>(place.key, *slot, entry, out);
    }
    if (waits) {
      std::optional<std::int64_t>& newest = side == Side::left ? newest_left_ : newest_right_;
      newest = std::max(newest, std::optional(entry.time_ns));
      buffer<side>(*slot).add(std::move(entry));
      ++counts_.buffered;
    } else {
      leave<side>(place.key, std::move(entry), out);
    }
    if (slot != nullptr) {
      arm_or_erase(place.hash, place.key, *slot);
    }
  }

  template <Side side, class Out>
  void match(const Key& key, Slot& slot, Entry<side>& entry, Out& out) {
    for (auto& partner : buffer<other(side)>(slot).within(times<side>().partners(entry.time_ns))) {
      entry.matched = partner.matched = true;
      ++counts_.matched;
      const std::int64_t time_ns = std::max(entry.time_ns, partner.time_ns);
      if constexpr (side == Side::left) {
        out.pair(key, time_ns, std::as_const(entry.record), std::as_const(partner.record));
      } else {
        out.pair(key, time_ns, std::as_const(partner.record), std::as_const(entry.record));
      }
    }
  }

  template <Side side, class Out>
  void leave_late(const Key& key, Entry<side> entry, Out& out) {
    const bool alone = late_ == LateData::fire_per_message && outer<side>();
    tell_late(out, {entry.time_ns, late_ != LateData::to_stream && !alone}, entry.record);
    if (late_ == LateData::to_stream) {
      if constexpr (side == Side::left) {
        out.late_left(key, entry.time_ns, std::move(entry.record));
      } else {
        out.late_right(key, entry.time_ns, std::move(entry.record));
      }
    } else if (alone) {
      leave_alone<side>(key, std::move(entry), out);
    } else {
      ++counts_.dropped;
    }
  }

  template <Side side, class Out>
  void leave(const Key& key, Entry<side> entry, Out& out) {
    if (entry.matched) {
      return;
    }
    if (entry.late) {
      leave_late<side>(key, std::move(entry), out);
    } else if (outer<side>()) {
      leave_alone<side>(key, std::move(entry), out);
    }
  }

  template <Side side, class Out>
  void leave_alone(const Key& key, Entry<side> entry, Out& out) {
    ++counts_.unmatched;
    if constexpr (side == Side::left) {
      out.left_alone(key, entry.time_ns, std::move(entry.record));
    } else {
      out.right_alone(key, entry.time_ns, std::move(entry.record));
    }
  }

  // The watermark at which the first record leaves; end_of_time if there is none. As a record may
  // leave at end_of_time, too, callers must check whether there is one.
  template <Side side>
  std::int64_t first_leaves(Slot& slot) const {
    return buffer<side>(slot).empty() ? end_of_time
                                      : times<side>().leaves(buffer<side>(slot).front().time_ns);
  }

  // Lets records leave in the order in which they become due, the left side first. So the order is
  // the same in one go and in slices.
  template <class Out>
  void take_due(const Key& key, Slot& slot, std::int64_t limit, std::size_t& at_most, Out& out) {
    while (at_most > 0 && !slot.empty()) {
      const std::int64_t left = first_leaves<Side::left>(slot);
      const std::int64_t right = first_leaves<Side::right>(slot);
      if (std::min(left, right) > limit) {
        return;
      }
      --at_most;
      --counts_.buffered;
      if (!slot.left.empty() && (left <= right || slot.right.empty())) {
        leave<Side::left>(key, slot.left.take_front(), out);
      } else {
        leave<Side::right>(key, slot.right.take_front(), out);
      }
    }
  }

  // A key has at most one timer that counts. It is too early if its record has left already, and is
  // then set again when it is due. So records that come and go move no timers.
  template <class K>
  void arm_or_erase(std::uint64_t hash, const K& key, Slot& slot) {
    if (slot.empty()) {
      slots_.erase(hash, key);
      return;
    }
    const std::int64_t due =
        std::min(first_leaves<Side::left>(slot), first_leaves<Side::right>(slot));
    if (slot.armed == no_time || due < slot.armed) {
      slot.armed = due;
      timers_.add(due, Due{hash, Stored(key)});
    }
  }

  template <class Out>
  void fire_next(std::size_t& at_most, Out& out) {
    const std::int64_t time_ns = timers_.next_due();
    const Due due = timers_.pop();
    Slot* const slot = find(due.hash, due.key);
    if (slot == nullptr || slot->armed != time_ns) {
      return;
    }
    slot->armed = no_time;
    take_due(Key(due.key), *slot, limit_of(due.hash), at_most, out);
    arm_or_erase(due.hash, due.key, *slot);
  }

  std::int64_t first_alone(const JoinSideTimes& side) const {
    const std::int64_t first = side.earliest_alone(watermark_);
    return due() ? std::min(first, side.earliest_leaving_at(timers_.next_due())) : first;
  }

  // The limit at which all waiting records have left. The newest record of a side waits the
  // longest, so this is beyond the limit exactly when a record waits.
  std::int64_t closing_limit() const {
    const auto last = [](const JoinSideTimes& side, std::optional<std::int64_t> newest) {
      return newest ? side.leaves(*newest) : no_time;
    };
    return std::max(last(times_.left, newest_left_), last(times_.right, newest_right_));
  }

  JoinTimes times_;
  LateData late_;
  bool left_outer_;
  bool right_outer_;
  std::optional<std::int64_t> newest_left_;  ///< greatest time that ever waited here
  std::optional<std::int64_t> newest_right_;
  Slots slots_{"waiting records"};
  TimerQueue<Due> timers_;
  JoinCounts counts_;
};

}  // namespace wallaroo::internal
