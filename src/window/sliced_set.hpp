// Sliding windows whose panes are the same for all keys of a stage on one executor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "record/key.hpp"
#include "window/pane_tables.hpp"
#include "window/pane_windows.hpp"
#include "window/window_set.hpp"

namespace wallaroo::internal {

/// A WindowSet of range windows that keeps young panes, of which no window is due yet, in tables of
/// accumulators, one table for each pane, as AlignedSet does its windows. A record costs a look-up
/// there. The panes of its key, which lie elsewhere in memory, are touched once per pane instead of
/// once per record. A key's accumulator of a pane goes to its windows before the first window with
/// that pane fires, or before a record is added there that is late for some windows.
///
/// Windows that are spread by key, that give preliminary results or results without records, or
/// that a time-out has closed for some key groups only, are kept as WindowSet keeps them.
///
/// Source of slicing: Li, Maier, Tufte, Papadimos, Tucker, "No pane, no gain" (SIGMOD Record 2005).
template <class Key, class In, class A>
class SlicedSet : public WindowSet<Key, In, A, PaneWindows<A, In>> {
  using Panes = PaneWindows<A, In>;
  using Base = WindowSet<Key, In, A, Panes>;

 public:
  using typename Base::Accumulator;
  using typename Base::StoredKey;

  /// The settings must have passed check().
  explicit SlicedSet(const WindowSettings& settings, A aggregation = A())
      : Base(settings, std::move(aggregation)),
        by_pane_(!settings.spread_by_key && settings.early_every_ns == 0 &&
                 !settings.empty_windows),
        direct_(by_pane_) {}

  // See WindowSet.

  template <class Out>
  [[gnu::always_inline]] void on_record(std::uint64_t hash, const Key& key, std::int64_t time_ns,
                                        const In& record, Out& out) {
    if (direct_) [[likely]] {
      this->active_ = true;
      this->newest_ = std::max(this->newest_, time_ns);
      if (Accumulator* const found = open_.find_current(hash, key, time_ns)) [[likely]] {
        this->aggregation_.update(record, *found);
        return;
      }
      add_slowly(hash, key, time_ns, record, out);
    } else {
      Base::on_record(hash, key, time_ns, record, out);
    }
  }

  /// See PaneTables::update_current(). The first record that is not done takes on_record().
  template <class Arrival>
  [[gnu::always_inline]] void on_run(RecordRun& run, Arrival&& arrival) {
    if (direct_) {
      this->active_ = true;
      run.first = 0;
      run.newest = this->newest_;
      try {
        open_.update_current(run, arrival, this->aggregation_);
      } catch (...) {
        count(run);
        throw;
      }
      count(run);
    }
  }
  PaneTables<Key, Accumulator>* panes() { return &open_; }

  void on_watermark(std::int64_t watermark_ns) {
    Base::on_watermark(watermark_ns);
    limit_moved();
  }
  template <class Out>
  void on_time(std::int64_t now_ns, Out& out) {
    Base::on_time(now_ns, out);
    limit_moved();
  }

  bool due() const { return pane_due() || Base::due(); }
  template <class Out>
  bool fire_due(std::size_t at_most, Out& out) {
    while (pane_due()) {
      const auto pane = open_.open().begin();
      const std::int64_t start = pane->first;
      const std::int64_t until = complete_until();
      const auto give = [&](const StoredKey& key, const Accumulator& accumulator) {
        --this->counts_.open;
        add_and_fire({start, key, accumulator}, until, out);
      };
      while (at_most != 0 && !pane->second->empty()) {
        const std::size_t keys = std::min(at_most, keys_at_once);
        pane->second->look_ahead(keys, [&](const StoredKey& key) { prefetch(key); });
        at_most -= pane->second->take(keys, give);
      }
      if (!pane->second->empty()) {
        return true;
      }
      forget(pane);
    }
    return Base::fire_due(at_most, out);
  }

  std::vector<StatePart*> parts() {
    std::vector<StatePart*> parts = Base::parts();
    parts.push_back(&open_);
    return parts;
  }
  void restored() {
    Base::restored();
    this->counts_.open += open_.entries();
    limit_moved();
    hold();
    if (!direct_) {
      for (auto pane = open_.open().begin(); pane != open_.open().end(); pane = forget(pane)) {
        pane->second->take(this->everything, giving(pane->first));
      }
    }
  }

 private:
  /// Takes over what open_ found out about the records of a run that are done.
  void count(const RecordRun& run) {
    this->newest_ = run.newest;
    this->counts_.open += run.first;
  }

  /// When the first window that holds the pane is due.
  std::int64_t due_of(std::int64_t start) const {
    return this->shape_.first_end(start, 0) + this->shape_.delay;
  }
  bool pane_due() const { return this->held_until_ <= this->limit_ && !open_.empty(); }
  /// Windows that are due by this time hold no other of these panes than the first.
  std::int64_t complete_until() {
    const auto second = std::next(open_.open().begin());
    return second == open_.open().end() ? this->limit_
                                        : std::min(this->limit_, due_of(second->first) - 1);
  }
  /// Tells the base when the first window with one of these panes is due, as its queue does not
  /// know.
  void hold() { this->held_until_ = open_.empty() ? end_of_time : due_of(open_.first_start()); }

  void limit_moved() {
    direct_ = by_pane_ && !this->has_group_limits();
    const std::int64_t start = open_.current_start();
    if (start != end_of_time && due_of(start) <= this->limit_) {
      open_.leave_current();
    }
  }

  template <class Out>
  [[gnu::noinline]] void add_slowly(std::uint64_t hash, const Key& key, std::int64_t time_ns,
                                    const In& record, Out& out) {
    const std::int64_t time = this->shape_.limits.clamp(time_ns);
    const std::int64_t start = floor_to(time, this->shape_.pane, 0);
    if (due_of(start) > this->limit_) {
      this->counts_.open += open_.update(start, hash, key, this->aggregation_, record) ? 1 : 0;
      hold();
      return;
    }
    const bool late = this->shape_.last_end(time, 0) + this->shape_.delay <= this->limit_;
    give(hash, key, late && this->settings_.late_data == LateData::place_in_oldest_window);
    Base::on_record(hash, key, time_ns, record, out);
  }

  /// Gives the key's windows its panes of which some window is due, or all its panes (`whole`),
  /// because the place of a late record depends on all windows of its key.
  void give(std::uint64_t hash, const Key& key, bool whole) {
    auto& panes = open_.open();
    for (auto pane = panes.begin();
         pane != panes.end() && (whole || due_of(pane->first) <= this->limit_);) {
      pane->second->take_key(hash, key, giving(pane->first));
      pane = pane->second->empty() ? forget(pane) : std::next(pane);
    }
  }

  /// Returns the function that gives a key's accumulator of the pane at `start` to its windows.
  auto giving(std::int64_t start) {
    return [this, start](const StoredKey& key, const Accumulator& accumulator) {
      add({start, key, accumulator}, [](std::uint64_t, Panes&) {});
      --this->counts_.open;
    };
  }

  /// Records of a key in a pane, which come after those that its windows already have of the pane.
  /// No window that holds the pane has fired.
  struct CountedPane {
    std::int64_t start;
    const StoredKey& key;
    const Accumulator& accumulator;
  };
  /// Adds the pane to the key's windows, then calls then(hash, windows).
  template <class Then>
  void add(const CountedPane& pane, Then then) {
    const Key& key = pane.key;
    const std::uint64_t hash = hash_key(key);
    Panes& panes = this->states_.find_or_create(hash, key);
    const std::optional<std::int64_t> armed = this->timer_of(panes);
    const std::size_t open = panes.open();
    try {
      panes.add_pane(this->shape_, this->aggregation_, pane.start, pane.accumulator);
    } catch (...) {
      if (!armed) {
        this->states_.erase(hash, key);
      }
      throw;
    }
    then(hash, panes);
    this->counts_.open += panes.open() - open;
    const bool timer_moves = armed && this->timer_of(panes) != armed;
    this->settle(hash, key, panes, armed);
    if (timer_moves) {
      this->queue_.retire(*armed);
    }
  }
  /// Adds the pane, and fires the key's next window at once if it is due by `until`, while the
  /// key's memory is at hand.
  template <class Out>
  void add_and_fire(const CountedPane& pane, std::int64_t until, Out& out) {
    add(pane, [&](std::uint64_t hash, Panes& panes) {
      if (panes.armed_ns() <= until) {
        this->counts_.fired +=
            panes.fire(this->shape_, this->aggregation_, Arrival{hash, 0, until, this->now_}, 1,
                       this->emission(hash, pane.key, out));
      }
    });
  }
  /// Call for several keys before work on them, so that their memory is fetched at once, not one by
  /// one.
  void prefetch(const StoredKey& stored) {
    const Key& key = stored;
    if (const auto entry = this->states_.find(hash_key(key), key)) {
      entry->second.prefetch();
    }
  }

  auto forget(typename PaneTables<Key, Accumulator>::Tables::iterator pane) {
    const auto next = open_.forget(pane);
    hold();
    return next;
  }

  /// How many keys' windows are prefetched at a time.
  static constexpr std::size_t keys_at_once = 16;

  const bool by_pane_;
  bool direct_;  ///< records go to tables of panes
  PaneTables<Key, Accumulator> open_{"open panes", this->shape_.pane, true};
};

}  // namespace wallaroo::internal
