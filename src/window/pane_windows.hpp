// The range windows of one key, tumbling or sliding.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "state/timer_queue.hpp"
#include "window/aggregations/two_stacks.hpp"
#include "window/key_windows.hpp"
#include "window/time/window_times.hpp"
#include "window/window_settings.hpp"

namespace wallaroo::internal {

/// Numbers that all keys of a stage share.
struct PaneShape {
  explicit PaneShape(const WindowSettings& settings)
      : range(settings.range_ns),
        slide(settings.slide_ns),
        pane(std::gcd(range, slide)),
        delay(settings.delay_ns),
        spread(settings.spread_by_key),
        empties(settings.empty_windows),
        limits(range + 2 * slide + delay + 1) {}

  std::int64_t offset(std::uint64_t hash) const {
    return spread ? static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(slide)) : 0;
  }
  bool tumbling() const { return slide == range; }
  /// How long after the newest record a window with it may be due.
  std::int64_t longest_wait() const { return range + delay; }
  /// The ends of the first and of the last window that hold this time.
  std::int64_t first_end(std::int64_t time, std::int64_t offset) const {
    return floor_to(time - range, slide, offset) + slide + range;
  }
  std::int64_t last_end(std::int64_t time, std::int64_t offset) const {
    return floor_to(time, slide, offset) + range;
  }
  /// The end of the oldest window that is not due. Requires that some window is due.
  std::int64_t oldest_end(std::int64_t limit, std::int64_t offset) const {
    return first_end(limit - delay, offset);
  }

  /// With `empties`: windows that are due by this time fire, if `limit` is that of all others and
  /// `newest` the time of the stage's newest record. No window with records is due later.
  std::int64_t fires_until(std::int64_t limit, std::int64_t newest) const {
    if (!empties) {
      return limit;
    }
    const std::int64_t silence = limit == end_of_time ? range : 4 * longest_wait();
    return std::min(limit, saturating_add(limits.clamp(newest), silence + delay));
  }

  std::int64_t range;
  std::int64_t slide;
  std::int64_t pane;
  std::int64_t delay;
  bool spread;
  bool empties;
  TimeLimits limits;
};

/// Records are aggregated in panes, whose borders are those of all windows, in order of arrival;
/// windows combine the panes in order of time. Only panes with records exist. With tumbling windows
/// and Acc = std::uint64_t a key has 56 bytes, which hold one pane without an allocation.
///
/// With `empties` a key's windows without records fire, too, from its first window on: its next
/// window stays armed when it has no panes left, until `forget_if_silent`.
template <class A, class In>
class PaneWindows {
 public:
  using Accumulator = AccumulatorOf<A>;
  using Shape = PaneShape;

  /// When the next window fires, or earlier if windows before it are empty. `end_of_time` if there
  /// is none.
  std::int64_t armed_ns() const { return armed_; }
  bool empty() const { return open() == 0 && armed_ == end_of_time; }
  /// Ends the results of windows without records if the next one is due by `limit`, but not by
  /// `until`; see PaneShape::fires_until.
  void forget_if_silent(const Shape& shape, std::int64_t limit, std::int64_t until) {
    if (shape.empties && open() == 0 && armed_ > until && armed_ <= limit) {
      armed_ = end_of_time;
    }
  }
  /// Panes that windows still need.
  std::size_t open() const { return panes_.size() - first(); }

  /// The way of most records: into the newest pane. As one of several producers may be far behind
  /// the others, it also tries the older pane at the index where the record's pane would be if
  /// every pane had records. Returns false if that is another pane.
  [[gnu::always_inline]] bool add_to_open(const Shape& shape, const A& aggregation,
                                          const Arrival& arrival, const In& record) {
    if (panes_.empty()) [[unlikely]] {
      return false;
    }
    Pane* pane = panes_.data() + (panes_.size() - 1);
    const auto time = static_cast<std::uint64_t>(arrival.time_ns);
    const auto length = static_cast<std::uint64_t>(shape.pane);
    if (time - static_cast<std::uint64_t>(pane->start) >= length) {
      const std::uint64_t before = static_cast<std::uint64_t>(pane->start) - time;
      const std::uint64_t panes = (before + length - 1) / length;
      if (panes >= panes_.size()) {
        return false;
      }
      pane -= panes;
      if (time - static_cast<std::uint64_t>(pane->start) >= length) {
        return false;
      }
    }
    if (pane->start < behind_stacks(shape)) {
      return false;
    }
    aggregation.update(record, pane->accumulator);
    return true;
  }

  /// The way of the other records. Requires that all windows due at arrival.limit_ns have fired.
  /// Does not call `emit`.
  template <class Emit>
  Placement add(const Shape& shape, const A& aggregation, const Arrival& arrival, const In& record,
                Emit&&) {
    const std::int64_t offset = shape.offset(arrival.hash);
    const std::int64_t time = shape.limits.clamp(arrival.time_ns);
    if (shape.last_end(time, offset) + shape.delay <= arrival.limit_ns) {
      return Placement::late;
    }
    const std::int64_t start = floor_to(time, shape.pane, offset % shape.pane);
    update_pane(aggregation, start, behind_stacks(shape), record);
    std::int64_t end = shape.first_end(start, offset);
    if (end + shape.delay <= arrival.limit_ns) {
      end = shape.oldest_end(arrival.limit_ns, offset);
    }
    armed_ = std::min(armed_, end + shape.delay);
    return Placement::counted;
  }

  /// Prefetches the memory that add_pane() and fire() will read.
  void prefetch() const {
    __builtin_prefetch(panes_.data() + panes_.size(), 1);
    if (stacks_) {
      stacks_->prefetch();
    }
  }

  /// Merges an accumulator of a pane that was counted elsewhere; its records come after those
  /// already here. Requires that no window with the pane has fired, and that windows are not spread
  /// by key.
  void add_pane(const Shape& shape, const A& aggregation, std::int64_t start,
                const Accumulator& accumulator) {
    const auto place = place_of(start, behind_stacks(shape));
    if (is_pane(place, start)) {
      place->accumulator = aggregation.combine(place->accumulator, accumulator);
    } else {
      panes_.insert(place, Pane{start, accumulator});
    }
    armed_ = std::min(armed_, shape.first_end(start, 0) + shape.delay);
  }

  /// The time at which a late record counts in the oldest window and no older one; `end_of_time` if
  /// time is over and there is none.
  std::int64_t oldest_place(const Shape& shape, const Arrival& arrival) const {
    if (arrival.limit_ns > shape.limits.latest) {
      return end_of_time;
    }
    const std::int64_t allowed = shape.oldest_end(arrival.limit_ns, shape.offset(arrival.hash));
    const std::int64_t open = armed_ - shape.delay;
    return empty() || open == allowed ? allowed - shape.range : open - shape.slide;
  }

  /// The window of a late record that makes a result of its own.
  static Window window_of(const Shape& shape, const Arrival& arrival) {
    const std::int64_t end =
        shape.last_end(shape.limits.clamp(arrival.time_ns), shape.offset(arrival.hash));
    return {end - shape.range, end, Firing::late};
  }

  /// Calls emit(const Ready&, const Accumulator&) for at most `at_most` due windows, in order of
  /// their end. Returns for how many.
  template <class Emit>
  std::size_t fire(const Shape& shape, const A& aggregation, const Arrival& arrival,
                   std::size_t at_most, Emit&& emit) {
    std::size_t fired = 0;
    std::size_t first = this->first();
    for (;
         fired < at_most && (first < panes_.size() || shape.empties) && armed_ <= arrival.limit_ns;
         ++fired) {
      const std::int64_t end = armed_ - shape.delay;
      const Ready ready = ready_at(shape, end);
      if (shape.empties && (first == panes_.size() || panes_[first].start >= end)) {
        emit(ready, aggregation.initial_accumulator());
      } else if (shape.tumbling()) {
        emit(ready, std::as_const(panes_[first].accumulator));
      } else {
        emit(ready, aggregate(shape, aggregation, end, first));
      }
      while (first < panes_.size() && panes_[first].start < end - shape.range + shape.slide) {
        ++first;
      }
      arm_next(shape, shape.offset(arrival.hash), end, first);
    }
    forget_before(first);
    return fired;
  }

  /// Calls emit as fire() does for each open window that holds one of the `changed` panes.
  template <class Emit>
  void preview(const Shape& shape, const A& aggregation, const Arrival& arrival,
               const std::set<std::int64_t>& changed, Emit&& emit) const {
    TwoStacks<A> stacks(aggregation);
    std::int64_t end = armed_ - shape.delay;
    for (std::size_t first = this->first(); first < panes_.size(); end += shape.slide) {
      while (first < panes_.size() && panes_[first].start < end - shape.range) {
        ++first;
      }
      if (first == panes_.size()) {
        return;
      }
      if (panes_[first].start >= end) {
        end = shape.first_end(panes_[first].start, shape.offset(arrival.hash));
      }
      const auto touched = changed.lower_bound(end - shape.range);
      if (touched != changed.end() && *touched < end) {
        emit(ready_at(shape, end), stacks.aggregate(aggregation, panes_, end - shape.range, end));
      }
    }
  }
  /// Leaves out panes that no window needs any more, and combined accumulators.
  struct Saved;
  Saved saved(std::int64_t) const {
    return {armed_, {panes_.begin() + static_cast<std::ptrdiff_t>(first()), panes_.end()}};
  }
  static PaneWindows restored(Saved&& saved, std::int64_t) {
    PaneWindows windows;
    windows.armed_ = saved.armed;
    windows.panes_.assign(std::make_move_iterator(saved.panes.begin()),
                          std::make_move_iterator(saved.panes.end()));
    return windows;
  }
  /// The pane that a record changes, for preview().
  static std::int64_t change(const Shape& shape, const Arrival& arrival) {
    return floor_to(shape.limits.clamp(arrival.time_ns), shape.pane,
                    shape.offset(arrival.hash) % shape.pane);
  }

 private:
  struct Pane {
    std::int64_t start;
    Accumulator accumulator;
  };

  static Ready ready_at(const Shape& shape, std::int64_t end) {
    return {{end - shape.range, end, Firing::complete}, end + shape.delay, end - 1};
  }

  std::size_t first() const { return stacks_ ? stacks_->first() : 0; }

  /// The stacks hold no pane behind the last fired end, which is at least a slide before the next.
  std::int64_t behind_stacks(const Shape& shape) const {
    return armed_ - (shape.delay + shape.slide);
  }

  /// The place of a pane, or where to insert it. The pane will change, so this resets the stacks if
  /// they may hold it.
  auto place_of(std::int64_t start, std::int64_t behind_stacks) {
    if (stacks_ && start < behind_stacks) {
      stacks_->reset();
    }
    // Most panes are newer than all that are here.
    if (panes_.empty() || panes_.back().start < start) {
      return panes_.end();
    }
    return std::lower_bound(panes_.begin() + static_cast<std::ptrdiff_t>(first()), panes_.end(),
                            start, [](const Pane& pane, std::int64_t s) { return pane.start < s; });
  }
  template <class Iterator>
  bool is_pane(Iterator pane, std::int64_t start) const {
    return pane != panes_.end() && pane->start == start;
  }

  void update_pane(const A& aggregation, std::int64_t start, std::int64_t behind_stacks,
                   const In& record) {
    const auto place = place_of(start, behind_stacks);
    if (is_pane(place, start)) {
      aggregation.update(record, place->accumulator);
      return;
    }
    Pane pane{start, aggregation.initial_accumulator()};
    aggregation.update(record, pane.accumulator);
    panes_.insert(place, std::move(pane));
  }

  /// Combines the panes of the window that ends at `end`; the first of them is panes_[first].
  Accumulator aggregate(const Shape& shape, const A& aggregation, std::int64_t end,
                        std::size_t first) {
    if (!stacks_ && panes_.size() <= 2) {  // keys with few records make do without stacks
      const Pane& only = panes_[first];
      return panes_.back().start < end && first + 1 < panes_.size()
                 ? aggregation.combine(only.accumulator, panes_.back().accumulator)
                 : only.accumulator;
    }
    if (!stacks_) {
      stacks_ = std::make_unique<TwoStacks<A>>(aggregation);
    }
    return stacks_->aggregate(aggregation, panes_, end - shape.range, end);
  }

  void arm_next(const Shape& shape, std::int64_t offset, std::int64_t fired, std::size_t first) {
    if (shape.empties) {
      armed_ = saturating_add(fired, shape.slide + shape.delay);
      return;
    }
    if (first == panes_.size()) {
      armed_ = end_of_time;
      return;
    }
    const std::int64_t next = fired + shape.slide;
    const std::int64_t start = panes_[first].start;
    armed_ = (start < next ? next : shape.first_end(start, offset)) + shape.delay;
  }

  /// Sliding windows erase panes only when as many are gone as are left, so that a pane is moved
  /// once on average.
  void forget_before(std::size_t first) {
    if (stacks_) {
      if (first < panes_.size()) {
        stacks_->drop_before(panes_, panes_[first].start);
      }
      if (first < panes_.size() && 2 * first < panes_.size()) {
        return;
      }
      first == panes_.size() ? stacks_.reset() : stacks_->erased();
    }
    panes_.erase(panes_.begin(), panes_.begin() + static_cast<std::ptrdiff_t>(first));
  }

  std::int64_t armed_ = end_of_time;
  std::unique_ptr<TwoStacks<A>> stacks_;
  boost::container::small_vector<Pane, 1> panes_;
};

template <class A, class In>
struct PaneWindows<A, In>::Saved {
  std::int64_t armed;
  std::vector<Pane> panes;
};

}  // namespace wallaroo::internal
