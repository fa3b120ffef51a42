// All windows of a stage on one executor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

#include <wallaroo/types/window.hpp>
#include "base/check.hpp"
#include "record/key.hpp"
#include "state/keyed_state.hpp"
#include "state/timer_queue.hpp"
#include "window/count_windows.hpp"
#include "window/gathered.hpp"
#include "window/key_windows.hpp"
#include "window/pane_windows.hpp"
#include "window/session_windows.hpp"
#include "window/time/late_arrival.hpp"
#include "window/time/stage_clock.hpp"
#include "window/time/window_times.hpp"
#include "window/window_counts.hpp"
#include "window/window_settings.hpp"

namespace wallaroo::internal {

/// Turns events (record, watermark, time passed) into results; docs/decisions/008 says which. There
/// is no clock inside and nothing depends on how the firing is sliced: before a record is counted,
/// all that is due for its key has fired.
///
/// `Windows` is PaneWindows<A, In>, SessionWindows<A, In> or CountWindows<A, In>, as the settings'
/// kind says. `A` has, all const, `initial_accumulator()`, `update(const In&, Acc&)` and
/// `combine(const Acc&, const Acc&)`, which is associative, not necessarily commutative, with the
/// initial accumulator as identity. A key's hash is hash_key(key), also that of NoKey.
///
/// `Out` takes the outputs; it must not call the set:
///
///     void result(const StoredKey&, std::uint64_t hash, const Window&, const Acc&,
///                 std::int64_t time_ns);
///     // With LateData::to_stream.
///     void late(std::uint64_t hash, const Key&, std::int64_t time_ns, const In&);
///     // Called for every late record; may be left out.
///     void came_late(const LateArrival&, const In&);
///
/// No `time_ns` of a result is less than output_watermark().
///
/// If `update` throws in on_record, the record is not counted (as far as `update` left the
/// accumulator alone) and the set goes on. If `combine` or `Out` throws, the set must not be used
/// any more.
///
/// A record may be one that stands for several (Gathered), all of one pane.
///
/// Memory, measured with a million 64-bit keys and accumulators, hash tables (half full) and timers
/// included: 145 bytes per key with one tumbling window or session open, 160 with a count window;
/// every further open pane 24, and 2 to 16 more when a sliding window is aggregated. Memory of keys
/// that are gone serves other keys; the tables do not shrink.
template <class Key, class In, class A, class Windows>
class WindowSet : public StageClock {
 public:
  using StoredKey = OwnedKey<Key>;
  using Accumulator = AccumulatorOf<A>;

  /// The settings must have passed check().
  explicit WindowSet(const WindowSettings& settings, A aggregation = A())
      : WindowSet(settings, Shape(settings), std::move(aggregation)) {}

  /// Count windows with a time-out need an on_time() before the first record.
  template <class Out>
  [[gnu::always_inline]] void on_record(std::uint64_t hash, const Key& key, std::int64_t time_ns,
                                        const In& record, Out& out) {
    active_ = true;
    newest_ = std::max(newest_, time_ns);
    Windows& windows = states_.find_or_create(hash, key);
    const Arrival arrival{hash, time_ns, limit_, now_};
    if (windows.armed_ns() > direct_limit() &&
        windows.add_to_open(shape_, aggregation_, arrival, record)) [[likely]] {
      return;
    }
    add_slowly(arrival, key, record, windows, out);
  }

  /// Takes processing time. Call after every batch of other events (from then on the stage counts
  /// as idle), and at next_time_ns(). Emits preliminary results at once; fire_due() emits windows
  /// that a time-out closes.
  template <class Out>
  void on_time(std::int64_t now_ns, Out& out) {
    // After a restart time is told once more than without it, which must not move the phase.
    keeps_phase_ = keeps_phase_ && !active_ && !any_changed_;
    pass_time(now_ns);
    if (settings_.early_every_ns > 0 && now_ >= next_early_ && !keeps_phase_) {
      next_early_ = saturating_add(now_, settings_.early_every_ns);
      emit_early(out);
    }
  }

  /// Whether fire_due() would do something.
  bool due() const { return !queue_.empty() && queue_.next_due() <= limit_; }

  /// When on_time() has something to do; `end_of_time`: never, unless other events come.
  std::int64_t next_time_ns() const {
    const std::int64_t early = any_changed_ ? next_early_ : end_of_time;
    if constexpr (by_count) {
      return std::min(early, settings_.timeout_ns ? queue_.next_due() : end_of_time);
    } else {
      return std::min(early, timeout_at());
    }
  }

  /// Fires at most `at_most` due windows. Returns true if there may be more.
  template <class Out>
  bool fire_due(std::size_t at_most, Out& out) {
    while (!queue_.empty() && queue_.next_due() <= limit_) {
      if (at_most == 0) {
        return true;
      }
      const std::int64_t due = queue_.next_due();
      Timer timer = queue_.pop();
      const auto entry = states_.find(timer.hash, timer.key);
      if (entry == nullptr || entry->second.armed_ns() != due) {
        --at_most;  // an entry that counts no more is work, too
        continue;
      }
      at_most -=
          std::min(at_most, std::max<std::size_t>(fire(timer.hash, *entry, at_most, out), 1));
      if (entry->second.empty()) {
        states_.erase(timer.hash, timer.key);
      } else {
        queue_.add(entry->second.armed_ns(), std::move(timer));
      }
    }
    closings_.clear();
    return false;
  }

  /// Promises to the next stage that no result will have a lesser time; never goes back.
  std::int64_t output_watermark() const {
    if constexpr (by_count) {
      return passed(!queue_.empty());
    } else {
      const std::int64_t next_due = std::min(queue_.next_due(), held_until_);
      const std::int64_t held =
          next_due == end_of_time ? watermark_ : std::min(passed(true), next_due - 1);
      return held == end_of_time ? held : saturating_add(held, -settings_.delay_ns);
    }
  }

  // Checkpoints. Timers are not saved, because they follow from the keys' windows.
  std::vector<StatePart*> parts() { return {&states_, &changed_}; }
  /// Call after the parts were loaded, besides StageClock::restore for the clocks.
  void restored() {
    states_.for_each([&](auto& entry) {
      counts_.open += entry.second.open();
      queue_.add(entry.second.armed_ns(), Timer{hash_key(entry.first), entry.first});
    });
    any_changed_ = changed_.size() != 0;
  }

  const WindowCounts& counts() const { return counts_; }
  std::size_t keys() const { return states_.size(); }

 protected:
  using Shape = typename Windows::Shape;
  struct Timer {
    std::uint64_t hash;
    StoredKey key;
  };
  static constexpr std::size_t everything = std::numeric_limits<std::size_t>::max();

  static std::optional<std::int64_t> timer_of(const Windows& windows) {
    return windows.empty() ? std::nullopt : std::optional(windows.armed_ns());
  }
  /// Arms the key's timer if it has changed, and forgets a key without windows.
  void settle(std::uint64_t hash, const Key& key, const Windows& windows,
              std::optional<std::int64_t> armed_before) {
    const std::optional<std::int64_t> armed = timer_of(windows);
    if (!armed) {
      states_.erase(hash, key);
    } else if (armed != armed_before) {
      queue_.add(*armed, Timer{hash, StoredKey(key)});
    }
  }

  /// Returns the function that emits the results of a key's windows.
  template <class Out>
  auto emission(std::uint64_t hash, const StoredKey& key, Out& out) {
    return [this, hash, &key, &out](const Ready& ready, const Accumulator& value) {
      Window window = ready.window;
      std::int64_t time = ready.time_ns;
      if constexpr (by_count) {
        time = std::max(time, least_time());
      } else {
        window.firing = firing_of(window.end, ready.due_ns);
      }
      out.result(key, hash, window, value, time);
    };
  }

  const Shape shape_;
  [[no_unique_address]] const A aggregation_;
  KeyedState<Key, Windows> states_{"windows"};
  TimerQueue<Timer> queue_;
  WindowCounts counts_;
  std::int64_t held_until_ = end_of_time;  ///< when a derived set's first window is due

 private:
  static constexpr bool by_count = std::is_same_v<Shape, CountShape>;
  static constexpr bool gives_empties = std::is_same_v<Shape, PaneShape>;
  using Entry = typename KeyedState<Key, Windows>::Entry;

  WindowSet(const WindowSettings& settings, const Shape& shape, A aggregation)
      : StageClock(settings, limits_of(shape), wait_of(shape)),
        shape_(shape),
        aggregation_(std::move(aggregation)) {}

  static TimeLimits limits_of(const Shape& shape) {
    if constexpr (by_count) {
      return TimeLimits(0);
    } else {
      return shape.limits;
    }
  }
  static std::int64_t wait_of(const Shape& shape) {
    if constexpr (by_count) {
      return 0;
    } else {
      return shape.longest_wait();
    }
  }

  /// Keys due later may count records directly. Previews are collected, and limits of key groups
  /// looked at, on the slow way only, so with them every record takes it.
  std::int64_t direct_limit() const {
    return settings_.early_every_ns > 0 || has_group_limits() ? end_of_time : limit_;
  }

  /// The least time of a result that comes now. (The last key of all is not in the queue while it
  /// fires.)
  std::int64_t least_time() const {
    return by_count && watermark_ == end_of_time ? before_end_ : output_watermark();
  }

  /// Returns the entry of a key that has windows.
  Entry& entry_of(std::uint64_t hash, const Key& key) {
    Entry* const entry = states_.find(hash, key);
    check(entry != nullptr, "a key that was added is found again by its std::hash and ==");
    return *entry;
  }

  template <class Out>
  [[gnu::noinline]] void add_slowly(Arrival arrival, const Key& key, const In& record,
                                    Windows& windows, Out& out) {
    if constexpr (by_count) {
      check(now_ != no_time || !settings_.timeout_ns, "time is told before the first record");
    }
    arrival.limit_ns = limit_of(arrival.hash);
    const std::optional<std::int64_t> armed = timer_of(windows);
    try {
      if (armed && *armed <= arrival.limit_ns) {
        fire(arrival.hash, entry_of(arrival.hash, key), everything, out);
      }
      place(arrival, key, record, windows, out);
    } catch (...) {
      settle(arrival.hash, key, windows, armed);
      throw;
    }
    settle(arrival.hash, key, windows, armed);
  }

  template <class Out>
  void place(Arrival& arrival, const Key& key, const In& record, Windows& windows, Out& out) {
    if (add(arrival, key, record, windows, out) == Placement::late) {
      if constexpr (!by_count) {
        if (!take_late(arrival, key, record, windows, out)) {
          return;
        }
      }
    }
    if (settings_.early_every_ns > 0) {
      any_changed_ = true;
      changed_.find_or_create(arrival.hash, key).insert(windows.change(shape_, arrival));
    }
  }

  template <class Out>
  Placement add(const Arrival& arrival, const Key& key, const In& record, Windows& windows,
                Out& out) {
    const std::size_t open = windows.open();
    const Placement placement = windows.add(
        shape_, aggregation_, arrival, record, [&](const Ready& ready, const Accumulator& value) {
          ++counts_.fired;
          out.result(entry_of(arrival.hash, key).first, arrival.hash, ready.window, value,
                     std::max(ready.time_ns, least_time()));
        });
    counts_.open += windows.open() - open;
    return placement;
  }

  /// Applies the policy for late records. Returns true if the record was counted after all, at
  /// arrival.time_ns.
  template <class Out>
  bool take_late(Arrival& arrival, const Key& key, const In& record, Windows& windows, Out& out) {
    counts_.late += records_in(record);
    const std::int64_t came_ns = arrival.time_ns;
    const auto kept = [&] { tell_late(out, {came_ns, false}, record); };
    switch (settings_.late_data) {
      case LateData::fire_per_message: {
        Accumulator alone = aggregation_.initial_accumulator();
        aggregation_.update(record, alone);
        out.result(StoredKey(key), arrival.hash, Windows::window_of(shape_, arrival),
                   std::as_const(alone), std::max(arrival.time_ns, least_time()));
        kept();
        return false;
      }
      case LateData::to_stream:
        out.late(arrival.hash, key, arrival.time_ns, record);
        kept();
        return false;
      case LateData::place_in_oldest_window:
        arrival.time_ns = windows.oldest_place(shape_, arrival);
        if (arrival.time_ns != end_of_time) {
          newest_ = std::max(newest_, arrival.time_ns);
          add(arrival, key, record, windows, out);
          kept();
          return true;
        }
        break;
      case LateData::drop:
        break;
    }
    counts_.dropped += records_in(record);
    tell_late(out, {came_ns, true}, record);
    return false;
  }

  template <class Out>
  std::size_t fire(std::uint64_t hash, Entry& entry, std::size_t at_most, Out& out) {
    const std::size_t open = entry.second.open();
    std::int64_t until = limit_of(hash);
    if constexpr (gives_empties) {
      until = shape_.fires_until(until, newest_);
    }
    const Arrival time{hash, 0, until, now_};
    const std::size_t fired =
        entry.second.fire(shape_, aggregation_, time, at_most, emission(hash, entry.first, out));
    if constexpr (gives_empties) {
      entry.second.forget_if_silent(shape_, limit_of(hash), until);
    }
    counts_.open -= open - entry.second.open();
    counts_.fired += fired;
    return fired;
  }

  template <class Out>
  void emit_early(Out& out) {
    any_changed_ = false;
    changed_.for_each([&](auto& change) {
      const std::uint64_t hash = hash_key(change.first);
      if (const auto entry = states_.find(hash, change.first)) {
        emit_early(hash, *entry, change.second, out);
      }
    });
    changed_.clear();
  }

  template <class Out>
  void emit_early(std::uint64_t hash, Entry& entry, const std::set<std::int64_t>& changed,
                  Out& out) {
    Windows& windows = entry.second;
    const std::optional<std::int64_t> armed = timer_of(windows);
    const Arrival at{hash, 0, limit_of(hash), now_};
    if (armed && *armed <= at.limit_ns) {
      fire(hash, entry, everything, out);
    }
    windows.preview(
        shape_, aggregation_, at, changed, [&](const Ready& ready, const Accumulator& value) {
          ++counts_.early;
          Window window = ready.window;
          window.firing = Firing::early;
          out.result(entry.first, hash, window, value, std::max(ready.time_ns, least_time()));
        });
    const StoredKey key = entry.first;  // which settle() may erase
    settle(hash, key, windows, armed);
  }

  bool any_changed_ = false;
  KeyedState<Key, std::set<std::int64_t>> changed_{"since early output"};
};

}  // namespace wallaroo::internal
