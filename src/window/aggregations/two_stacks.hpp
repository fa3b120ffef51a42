// The aggregate of a window that moves over panes, for O(1) combinations per move.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "window/key_windows.hpp"

namespace wallaroo::internal {

/// Aggregates panes (in order of their `start`, each with an `accumulator`) for windows whose
/// bounds only grow. The panes of the last window are split: of those before the split the
/// aggregates up to it are kept, one per first pane (`front_`), of those behind it a single one
/// (`back_`). A window combines two accumulators; when the front has been used up, the back becomes
/// the front. So each pane is combined at most three times, however many windows it is in.
/// Operations need be neither commutative nor invertible. (Tangwongsan, Hirzel, Schneider:
/// "Low-Latency Sliding-Window Aggregation in Worst-Case Constant Time", DEBS 2017, section on
/// Two-Stacks.)
///
/// The panes belong to the caller, who says when one of them changes (`reset`, if it lies before
/// the last window's end) and when those of the past are erased (`erased`).
template <class A>
class TwoStacks {
 public:
  using Accumulator = AccumulatorOf<A>;

  explicit TwoStacks(const A& aggregation) : back_(aggregation.initial_accumulator()) {}

  /// Aggregates the panes with start <= pane.start < end, in order. There must be at least one.
  template <class Panes>
  Accumulator aggregate(const A& aggregation, const Panes& panes, std::int64_t start,
                        std::int64_t end) {
    drop_before(panes, start);
    if (front_.empty()) {
      turn(aggregation, panes, end);
      return front_.back();
    }
    while (back_end_ < panes.size() && panes[back_end_].start < end) {
      back_ = aggregation.combine(std::as_const(back_), panes[back_end_].accumulator);
      ++back_end_;
    }
    return aggregation.combine(front_.back(), std::as_const(back_));
  }

  /// No window will need the panes before `start` any more.
  template <class Panes>
  void drop_before(const Panes& panes, std::int64_t start) {
    while (first_ < panes.size() && panes[first_].start < start) {
      ++first_;
      if (!front_.empty()) {
        front_.pop_back();
      }
    }
  }

  /// The index of the first pane that was not dropped.
  std::size_t first() const { return first_; }
  /// The caller has erased the panes before first() from its sequence.
  void erased() {
    back_end_ -= back_end_ < first_ ? back_end_ : first_;
    first_ = 0;
  }
  /// Prefetches the memory that aggregate() will read.
  void prefetch() const {
    if (!front_.empty()) {
      __builtin_prefetch(&front_.back());
    }
  }
  /// Forgets everything that was combined.
  void reset() { front_.clear(); }

 private:
  template <class Panes>
  void turn(const A& aggregation, const Panes& panes, std::int64_t end) {
    back_end_ = first_;
    while (back_end_ < panes.size() && panes[back_end_].start < end) {
      ++back_end_;
    }
    for (std::size_t i = back_end_; i-- > first_;) {
      front_.push_back(
          front_.empty() ? panes[i].accumulator
                         : aggregation.combine(panes[i].accumulator, std::as_const(front_.back())));
    }
    back_ = aggregation.initial_accumulator();
  }

  std::vector<Accumulator> front_;  ///< the last one begins with the pane first_
  Accumulator back_;
  std::size_t first_ = 0;
  std::size_t back_end_ = 0;
};

}  // namespace wallaroo::internal
