// The count windows of one key.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "state/timer_queue.hpp"
#include "window/aggregations/two_stacks.hpp"
#include "window/key_windows.hpp"
#include "window/time/window_times.hpp"
#include "window/window_settings.hpp"

namespace wallaroo::internal {

/// Numbers that all keys of a stage share.
struct CountShape {
  explicit CountShape(const WindowSettings& settings)
      : count(settings.count),
        slide(settings.count_slide),
        pane(std::gcd(count, slide)),
        timeout(settings.timeout_ns),
        flush(settings.flush) {}

  bool tumbling() const { return slide == count; }
  /// When the windows of a key are closed that is armed, or had its last record, at `seen`.
  std::int64_t due(std::int64_t seen) const {
    if (!timeout) {
      return end_of_time;
    }
    return saturating_add(flush ? floor_to(seen, *timeout, 0) : seen, *timeout);
  }

  std::int64_t count;
  std::int64_t slide;
  std::int64_t pane;
  std::optional<std::int64_t> timeout;
  bool flush;  ///< at multiples of the time-out, whenever the last record was
};

/// The aggregation of a pane's records and of the greatest of their times.
template <class A>
struct TimedAggregation {
  struct Accumulator {
    AccumulatorOf<A> value;
    std::int64_t time_ns;
  };

  Accumulator initial_accumulator() const { return {aggregation.initial_accumulator(), no_time}; }
  Accumulator combine(const Accumulator& a, const Accumulator& b) const {
    return {aggregation.combine(a.value, b.value), std::max(a.time_ns, b.time_ns)};
  }

  const A& aggregation;
};

/// Records are aggregated in panes of gcd(count, slide), the newest of which is open. Windows fire
/// when their last record arrives; timers, in processing time, only close windows that wait for too
/// long. A key without open windows still knows how many records it had, until it is closed.
template <class A, class In>
class CountWindows {
 public:
  using Accumulator = AccumulatorOf<A>;
  using Shape = CountShape;

  /// When to look whether the key has been quiet for too long; `no_time` for a key without records.
  std::int64_t armed_ns() const { return armed_; }
  bool empty() const { return end_ == 0; }
  /// The number of keys here: 0 or 1.
  std::size_t open() const { return empty() ? 0 : 1; }

  /// The way of most records, which are neither the first nor the last of a pane. Returns false for
  /// the others.
  [[gnu::always_inline]] bool add_to_open(const Shape& shape, const A& aggregation,
                                          const Arrival& arrival, const In& record) {
    if (filled_ == 0 || filled_ + 1 >= shape.pane) {
      return false;
    }
    aggregation.update(record, *value_);
    count_record(arrival);
    return true;
  }

  /// The way of the other records. Calls emit(const Ready&, const Accumulator&) for the window that
  /// the record completes. Requires that all windows due at arrival.limit_ns have fired.
  template <class Emit>
  Placement add(const Shape& shape, const A& aggregation, const Arrival& arrival, const In& record,
                Emit&& emit) {
    if (filled_ == 0) {
      Accumulator value = aggregation.initial_accumulator();
      aggregation.update(record, value);
      value_ = std::move(value);
      time_ = no_time;
    } else {
      aggregation.update(record, *value_);
    }
    count_record(arrival);
    if (armed_ == no_time) {
      armed_ = shape.due(seen_);
    }
    if (filled_ == shape.pane) {
      complete_pane(shape, aggregation, emit);
    }
    return Placement::counted;
  }

  /// If the key's time-out has come by arrival.limit_ns, closes its windows (with `flush` always):
  /// calls emit for at most `at_most` of them, and returns for how many. With none left the key is
  /// empty, and counts from 0 again.
  template <class Emit>
  std::size_t fire(const Shape& shape, const A& aggregation, const Arrival& arrival,
                   std::size_t at_most, Emit&& emit) {
    if (!shape.flush && shape.due(seen_) > arrival.limit_ns) {
      armed_ = shape.due(seen_);
      return 0;
    }
    std::size_t fired = 0;
    std::int64_t start = next_start(shape);
    for (; fired < at_most && start < end_; start += shape.slide, ++fired) {
      emit_open(shape, aggregation, start, Firing::closed, stacks(aggregation), emit);
    }
    if (start >= end_) {
      *this = CountWindows();
    } else if (sliding_) {
      sliding_->next_start = start;
    }
    return fired;
  }

  /// Calls emit for all open windows: the last record is in all of them.
  template <class Emit>
  void preview(const Shape& shape, const A& aggregation, const Arrival&,
               const std::set<std::int64_t>&, Emit&& emit) const {
    const TimedAggregation<A> timed{aggregation};
    TwoStacks<TimedAggregation<A>> stacks(timed);
    for (std::int64_t start = next_start(shape); start < end_; start += shape.slide) {
      emit_open(shape, aggregation, start, Firing::early, &stacks, emit);
    }
  }
  static std::int64_t change(const Shape&, const Arrival&) { return 0; }

  /// Leaves out panes that no window needs any more, and combined accumulators.
  struct Saved;
  Saved saved(std::int64_t wall_offset_ns) const {
    Saved saved{shift_time(armed_, wall_offset_ns),
                shift_time(seen_, wall_offset_ns),
                time_,
                end_,
                filled_,
                filled_ > 0 ? value_ : std::nullopt,
                0,
                {}};
    if (sliding_) {
      saved.next_start = sliding_->next_start;
      std::copy_if(sliding_->panes.begin(), sliding_->panes.end(), std::back_inserter(saved.panes),
                   [&](const Pane& pane) { return pane.start >= saved.next_start; });
    }
    return saved;
  }
  static CountWindows restored(Saved&& saved, std::int64_t wall_offset_ns) {
    CountWindows windows;
    windows.armed_ = shift_time(saved.armed, -wall_offset_ns);
    windows.seen_ = shift_time(saved.seen, -wall_offset_ns);
    windows.time_ = saved.time;
    windows.end_ = saved.end;
    windows.filled_ = saved.filled;
    windows.value_ = std::move(saved.value);
    if (saved.next_start != 0 || !saved.panes.empty()) {
      windows.sliding_ = std::make_unique<Sliding>();
      windows.sliding_->panes = std::move(saved.panes);
      windows.sliding_->next_start = saved.next_start;
    }
    return windows;
  }

 private:
  using Timed = TimedAggregation<A>;
  struct Pane {
    std::int64_t start;
    typename Timed::Accumulator accumulator;
  };
  /// The complete panes that open windows share.
  struct Sliding {
    std::vector<Pane> panes;
    std::optional<TwoStacks<Timed>> stacks;
    std::int64_t next_start = 0;  ///< of the oldest open window

    TwoStacks<Timed>& stacks_of(const Timed& timed) {
      return stacks ? *stacks : stacks.emplace(timed);
    }
  };

  TwoStacks<Timed>* stacks(const A& aggregation) {
    return sliding_ ? &sliding_->stacks_of(Timed{aggregation}) : nullptr;
  }

  void count_record(const Arrival& arrival) {
    time_ = std::max(time_, arrival.time_ns);
    seen_ = arrival.now_ns;
    ++end_;
    ++filled_;
  }

  std::int64_t next_start(const Shape& shape) const {
    if (shape.tumbling()) {
      return end_ - filled_;
    }
    return sliding_ ? sliding_->next_start : 0;
  }

  static Ready ready(const Shape& shape, std::int64_t start, std::int64_t time, Firing firing) {
    return {{start, start + shape.count, firing}, end_of_time, time};
  }

  template <class Emit>
  void complete_pane(const Shape& shape, const A& aggregation, Emit&& emit) {
    filled_ = 0;
    if (shape.tumbling()) {
      emit(ready(shape, end_ - shape.count, time_, Firing::complete), std::as_const(*value_));
      value_.reset();
      return;
    }
    const Timed timed{aggregation};
    if (!sliding_) {
      sliding_ = std::make_unique<Sliding>();
    }
    Sliding& sliding = *sliding_;
    sliding.panes.push_back({end_ - shape.pane, {std::move(*value_), time_}});
    value_.reset();
    const std::int64_t start = sliding.next_start;
    if (end_ < start + shape.count) {
      return;
    }
    sliding.next_start += shape.slide;
    auto& stacks = sliding.stacks_of(timed);
    const auto result = stacks.aggregate(timed, sliding.panes, start, end_);
    forget_before(sliding, stacks);
    emit(ready(shape, start, result.time_ns, Firing::complete), result.value);
  }

  /// Erases panes only when as many are gone as are left, so that a pane is moved once on average.
  static void forget_before(Sliding& sliding, TwoStacks<Timed>& stacks) {
    stacks.drop_before(sliding.panes, sliding.next_start);
    const std::size_t gone = stacks.first();
    if (2 * gone >= sliding.panes.size()) {
      sliding.panes.erase(sliding.panes.begin(),
                          sliding.panes.begin() + static_cast<std::ptrdiff_t>(gone));
      stacks.erased();
    }
  }

  /// Emits the incomplete window from `start` on: complete panes, then the open one.
  template <class Emit>
  void emit_open(const Shape& shape, const A& aggregation, std::int64_t start, Firing firing,
                 TwoStacks<Timed>* stacks, Emit&& emit) const {
    const bool has_panes = sliding_ && start < end_ - filled_;
    if (!has_panes) {
      emit(ready(shape, start, time_, firing), *value_);
      return;
    }
    const Timed timed{aggregation};
    auto result = stacks->aggregate(timed, sliding_->panes, start, end_);
    if (filled_ > 0) {
      result.value = aggregation.combine(std::as_const(result.value), *value_);
      result.time_ns = std::max(result.time_ns, time_);
    }
    emit(ready(shape, start, result.time_ns, firing), std::as_const(result.value));
  }

  std::int64_t armed_ = no_time;
  std::int64_t seen_ = 0;             ///< processing time of the last record
  std::int64_t time_ = no_time;       ///< greatest event time in the open pane
  std::int64_t end_ = 0;              ///< records so far
  std::int64_t filled_ = 0;           ///< records in the open pane
  std::optional<Accumulator> value_;  ///< of the open pane, while filled_ > 0
  std::unique_ptr<Sliding> sliding_;
};

template <class A, class In>
struct CountWindows<A, In>::Saved {
  std::int64_t armed;
  std::int64_t seen;
  std::int64_t time;
  std::int64_t end;
  std::int64_t filled;
  std::optional<Accumulator> value;
  std::int64_t next_start;
  std::vector<Pane> panes;
};

}  // namespace wallaroo::internal
