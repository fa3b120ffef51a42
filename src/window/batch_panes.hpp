// Aggregates the records of a batch by pane, for windows that are on another executor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "window/gathered.hpp"
#include "window/key_windows.hpp"
#include "window/pane_windows.hpp"
#include "window/time/window_times.hpp"
#include "window/window_settings.hpp"

namespace wallaroo::internal {

/// Panes are cut where PaneWindows cuts them, so all records of a pane are in the same windows. Two
/// things follow while no watermark comes between the records. They share their fate: all are late
/// or none is. And for the windows one partial is as good as its records, because `combine` is
/// associative: each pane has its records in the order in which they came.
///
/// `hash` is that of the key of the windows, which decides where they start if they are spread by
/// key.
template <class A>
class BatchPanes {
 public:
  using Accumulator = AccumulatorOf<A>;

  BatchPanes(const WindowSettings& settings, std::uint64_t hash, const A& aggregation)
      : shape_(settings), offset_(shape_.offset(hash)), aggregation_(aggregation) {}

  /// Whether the time is in the pane of go_to().
  bool at_pane_of(std::int64_t time_ns) const {
    return static_cast<std::uint64_t>(time_ns) - static_cast<std::uint64_t>(current_start_) <
           current_length_;
  }
  /// Makes the pane of that time the one to which add() adds. Requires that it is not full().
  void go_to(std::int64_t time_ns) {
    const std::int64_t start =
        floor_to(shape_.limits.clamp(time_ns), shape_.pane, offset_ % shape_.pane);
    auto place = panes_.end();
    if (!panes_.empty() && panes_.back().start >= start) {
      place = std::lower_bound(panes_.begin(), panes_.end(), start,
                               [](const Pane& pane, std::int64_t s) { return pane.start < s; });
    }
    if (place == panes_.end() || place->start != start) {
      place = panes_.insert(place, Pane{start, {time_ns, 0, aggregation_.initial_accumulator()}});
    }
    current_ = &place->partial;
    current_start_ = start;
    current_length_ = static_cast<std::uint64_t>(shape_.pane);
  }
  /// Adds a record, after go_to(time_ns). If `update` throws, the record is not counted.
  template <class In>
  [[gnu::always_inline]] void add(std::int64_t time_ns, const In& record) {
    aggregation_.update(record, current_->accumulator);
    ++current_->records;
    current_->newest_ns = std::max(current_->newest_ns, time_ns);
  }

  /// When the last window that holds the time is due.
  std::int64_t last_due(std::int64_t time_ns) const {
    return shape_.last_end(shape_.limits.clamp(time_ns), offset_) + shape_.delay;
  }
  bool full() const { return panes_.size() == most_panes; }
  /// Calls emit(Partial&&) for the panes with records, in order of time, and forgets them.
  template <class Emit>
  void take(Emit&& emit) {
    for (Pane& pane : panes_) {
      if (pane.partial.records != 0) {
        emit(std::move(pane.partial));
      }
    }
    panes_.clear();
    current_length_ = 0;
  }

 private:
  struct Pane {
    std::int64_t start;
    Partial<Accumulator> partial;
  };
  /// Few enough that records in no order at all do not move many panes.
  static constexpr std::size_t most_panes = 64;

  const PaneShape shape_;
  const std::int64_t offset_;
  const A aggregation_;
  std::vector<Pane> panes_;  ///< by start

  // The pane of go_to(); its length is 0 if there is none.
  Partial<Accumulator>* current_ = nullptr;
  std::int64_t current_start_ = 0;
  std::uint64_t current_length_ = 0;
};

}  // namespace wallaroo::internal
