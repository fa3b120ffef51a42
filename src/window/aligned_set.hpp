// Tumbling windows that are the same for all keys of a stage on one executor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include <wallaroo/types/window.hpp>
#include "record/key.hpp"
#include "window/gathered.hpp"
#include "window/key_windows.hpp"
#include "window/pane_tables.hpp"
#include "window/pane_windows.hpp"
#include "window/time/late_arrival.hpp"
#include "window/time/stage_clock.hpp"
#include "window/window_counts.hpp"
#include "window/window_settings.hpp"

namespace wallaroo::internal {

/// The WindowSet for range windows whose slide is their range, if they are not spread by key and
/// have no early output. Since all keys' windows end together, state is a table of accumulators per
/// window instead of windows per key: there is no timer per key, firing looks nothing up, and a
/// record in the same window as the record before costs one look-up in a table of nothing but
/// accumulators.
template <class Key, class In, class A>
class AlignedSet : public StageClock {
 public:
  using StoredKey = OwnedKey<Key>;
  using Accumulator = AccumulatorOf<A>;

  static bool fits(const WindowSettings& settings) {
    return settings.kind == WindowKind::range && settings.slide_ns == settings.range_ns &&
           !settings.spread_by_key && settings.early_every_ns == 0 && !settings.empty_windows;
  }

  /// The settings must have passed check(), and fit.
  AlignedSet(const WindowSettings& settings, A aggregation)
      : AlignedSet(settings, PaneShape(settings), std::move(aggregation)) {}

  // See WindowSet.

  template <class Out>
  [[gnu::always_inline]] void on_record(std::uint64_t hash, const Key& key, std::int64_t time_ns,
                                        const In& record, Out& out) {
    active_ = true;
    newest_ = std::max(newest_, time_ns);
    if (Accumulator* const found = open_.find_current(hash, key, time_ns)) [[likely]] {
      aggregation_.update(record, *found);
      return;
    }
    add_slowly(Arrival{hash, time_ns, limit_of(hash)}, key, record, out);
  }

  /// See PaneTables::update_current(). The first record that is not done takes on_record().
  template <class Arrival>
  [[gnu::always_inline]] void on_run(RecordRun& run, Arrival&& arrival) {
    active_ = true;
    run.first = 0;
    run.newest = newest_;
    try {
      open_.update_current(run, arrival, aggregation_);
    } catch (...) {
      count(run);
      throw;
    }
    count(run);
  }
  PaneTables<Key, Accumulator>* panes() { return &open_; }

  void on_watermark(std::int64_t watermark_ns) {
    StageClock::on_watermark(watermark_ns);
    leave_due();
  }

  template <class Out>
  void on_time(std::int64_t now_ns, Out&) {
    pass_time(now_ns);
    leave_due();
  }

  bool due() const { return next_due() <= limit_ && !open_.empty(); }
  std::int64_t next_time_ns() const { return timeout_at(); }

  template <class Out>
  bool fire_due(std::size_t at_most, Out& out) {
    while (due()) {
      const auto window = open_.open().begin();
      at_most -= window->second->take(at_most, firing(window->first, out));
      if (!window->second->empty()) {
        return true;
      }
      open_.forget(window);
    }
    closings_.clear();
    return false;
  }

  std::int64_t output_watermark() const {
    const std::int64_t held = open_.empty() ? watermark_ : std::min(passed(true), next_due() - 1);
    return held == end_of_time ? held : saturating_add(held, -shape_.delay);
  }

  const WindowCounts& counts() const { return counts_; }

  // Checkpoints.
  std::vector<StatePart*> parts() { return {&open_}; }
  void restored() { counts_.open += open_.entries(); }

 private:
  AlignedSet(const WindowSettings& settings, const PaneShape& shape, A aggregation)
      : StageClock(settings, shape.limits, shape.longest_wait()),
        shape_(shape),
        aggregation_(std::move(aggregation)) {}

  /// Takes over what open_ found out about the records of a run that are done.
  void count(const RecordRun& run) {
    newest_ = run.newest;
    counts_.open += run.first;
  }

  std::int64_t due_of(std::int64_t start) const { return start + shape_.range + shape_.delay; }
  std::int64_t next_due() const {
    return open_.empty() ? end_of_time : due_of(open_.first_start());
  }

  /// Makes records of the current window take the slow way once that window is due.
  void leave_due() {
    const std::int64_t start = open_.current_start();
    if (start != end_of_time && due_of(start) <= limit_) {
      open_.leave_current();
    }
  }

  template <class Out>
  [[gnu::noinline]] void add_slowly(const Arrival& arrival, const Key& key, const In& record,
                                    Out& out) {
    std::int64_t start = floor_to(shape_.limits.clamp(arrival.time_ns), shape_.range, 0);
    if (due_of(start) <= arrival.limit_ns) {
      start = take_late(arrival, key, record, out);
      if (start == end_of_time) {
        return;
      }
    }
    counts_.open += open_.update(start, arrival.hash, key, aggregation_, record) ? 1 : 0;
    if (has_group_limits()) {  // only this way looks at them
      open_.leave_current();
    }
  }

  /// Returns the function that emits a key's result when the window that starts at `start` fires.
  template <class Out>
  auto firing(std::int64_t start, Out& out) {
    const std::int64_t end = start + shape_.range;
    const Window window{start, end, firing_of(end, end + shape_.delay)};
    return [this, window, &out](const StoredKey& key, const Accumulator& accumulator) {
      --counts_.open;
      ++counts_.fired;
      out.result(key, hash_key(key), window, accumulator, window.end - 1);
    };
  }

  /// Fires the due windows of a key before another output of that key. (A record that is counted
  /// needs no firing before it, because due windows take no more records.)
  template <class Out>
  void fire_key(std::uint64_t hash, const Key& key, Out& out) {
    const std::int64_t limit = limit_of(hash);
    auto& windows = open_.open();
    for (auto window = windows.begin();
         window != windows.end() && due_of(window->first) <= limit;) {
      window->second->take_key(hash, key, firing(window->first, out));
      window = window->second->empty() ? open_.forget(window) : std::next(window);
    }
  }

  /// Applies the policy for late records. Returns the start of the window in which the record
  /// counts after all; `end_of_time` if it does not.
  template <class Out>
  std::int64_t take_late(const Arrival& arrival, const Key& key, const In& record, Out& out) {
    counts_.late += records_in(record);
    switch (settings_.late_data) {
      case LateData::fire_per_message: {
        fire_key(arrival.hash, key, out);
        Accumulator alone = aggregation_.initial_accumulator();
        aggregation_.update(record, alone);
        out.result(StoredKey(key), arrival.hash, PaneWindows<A, In>::window_of(shape_, arrival),
                   std::as_const(alone), std::max(arrival.time_ns, output_watermark()));
        tell_late(out, {arrival.time_ns, false}, record);
        return end_of_time;
      }
      case LateData::to_stream:
        fire_key(arrival.hash, key, out);
        out.late(arrival.hash, key, arrival.time_ns, record);
        tell_late(out, {arrival.time_ns, false}, record);
        return end_of_time;
      case LateData::place_in_oldest_window:
        if (arrival.limit_ns <= shape_.limits.latest) {
          const std::int64_t start = oldest_start(arrival, key);
          newest_ = std::max(newest_, start);
          tell_late(out, {arrival.time_ns, false}, record);
          return start;
        }
        break;
      case LateData::drop:
        break;
    }
    counts_.dropped += records_in(record);
    tell_late(out, {arrival.time_ns, true}, record);
    return end_of_time;
  }

  /// The start of the key's oldest window that is not due, or else of the oldest that may be
  /// opened.
  std::int64_t oldest_start(const Arrival& arrival, const Key& key) {
    auto& windows = open_.open();
    const auto not_due = windows.upper_bound(arrival.limit_ns - shape_.range - shape_.delay);
    const auto of_key = std::find_if(not_due, windows.end(), [&](auto& window) {
      return window.second->find(arrival.hash, key) != nullptr;
    });
    return of_key != windows.end() ? of_key->first
                                   : shape_.oldest_end(arrival.limit_ns, 0) - shape_.range;
  }

  const PaneShape shape_;
  [[no_unique_address]] const A aggregation_;

  PaneTables<Key, Accumulator> open_{"windows", shape_.range};
  WindowCounts counts_;
};

}  // namespace wallaroo::internal
