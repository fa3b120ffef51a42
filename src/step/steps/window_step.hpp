// A stage of windows as a step of a chain.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <wallaroo/types/error.hpp>
#include <wallaroo/types/late_data.hpp>

#include "record/whole_records.hpp"
#include "step/chain_context.hpp"
#include "step/describe.hpp"
#include "step/steps/guarded_aggregation.hpp"
#include "step/steps/set_step.hpp"
#include "step/steps/window_state.hpp"
#include "window/aggregations/aggregation_output.hpp"
#include "window/aggregations/aggregation_traits.hpp"
#include "window/excerpt.hpp"
#include "window/gathered.hpp"

namespace wallaroo::internal {

/// Turns batches and clocks into the events of a WindowSet, and its results into records. With
/// `SplitLate` it also emits late records. Key is NoKey in a chain without keys. `Taken` is
/// what comes in: records of type In, or Gathered ones.
template <WindowKind kind_of_windows, class A, class In, class Key, bool SplitLate,
          class Taken = In>
class WindowStep : public SetStep<WindowState<kind_of_windows, Key, Taken, A>, WindowCounts> {
  using State = WindowState<kind_of_windows, Key, Taken, A>;
  using Base = SetStep<State, WindowCounts>;

 public:
  using Record = In;
  using Traits = AggregationTraits<A, In, OwnedKey<Key>>;
  using Result = typename Traits::Output;
  using Output = std::conditional_t<SplitLate, std::variant<Result, Late<In>>, Result>;
  static constexpr StageKind kind = StageKind::window;
  static constexpr OutputOf output =
      kind_of_windows == WindowKind::count ? OutputOf::records : OutputOf::firing_alone;
  static_assert(check_storable<AccumulatorOf<A>>());

  struct Spec {
    StageId stage;
    WindowSettings settings;
    A aggregation;
  };

  WindowStep(const Spec& spec, const SegmentContext& context)
      : Base(context.stages.at(spec.stage),
             spec.settings.timeout_ns || spec.settings.early_every_ns > 0,
             std::make_unique<State>(
                 spec.settings,
                 GuardedAggregation<A>{spec.aggregation, context.stages.at(spec.stage)->info})),
        aggregation_(spec.aggregation),
        clock_(context.clock) {}

  void begin_batch(ChainContext& context) {
    Base::begin_batch(context);
    if (this->tells_time()) {
      set_->set_now(clock_.now_ns());
    }
    if constexpr (takes_runs) {
      looks_ahead_ = set_->panes()->current_is_large();
    }
  }

  template <Pass pass, class KeyTime, class R, class Next>
  [[gnu::always_inline]] void apply(ChainContext& context, std::uint64_t& tally,
                                    const KeyTime& key_time, R&& record, Next&& next) {
    constexpr bool timed = pass == Pass::timed;
    CallTimer<timed> timer(context, stage_->call);
    Out<std::remove_reference_t<Next>, On::record, timed> out{this, &context, &tally, &next,
                                                              &timer};
    try {
      const std::int64_t time_ns = time_of_taken(context, key_time, record);
      if constexpr (keyed) {
        const auto& key = key_part(key_time);
        set_->on_record(key.hash, key.key, time_ns, std::as_const(record), out);
      } else {
        static const std::uint64_t no_hash = hash_key(NoKey{});
        set_->on_record(no_hash, NoKey{}, time_ns, std::as_const(record), out);
      }
      timer.stop();
    } catch (...) {
      if (out.in_next) {
        throw;
      }
      fail(context, record);
    }
  }

  /// True when apply_run() does something.
  static constexpr bool takes_runs = kind_of_windows == WindowKind::range && !is_gathered<Taken>;

  /// Does for the first of at most `most` records what apply() does, and returns for how many;
  /// calls alone(slot) for those that do something unusual, in their order among the others. In
  /// this loop the compiler keeps in registers what apply() must have in memory, and look-ups that
  /// wait for memory overlap.
  template <class Input, class Slot, class Alone>
  std::ptrdiff_t apply_run(ChainContext& context, Input& input, Slot slots, std::ptrdiff_t most,
                           Alone&& alone) {
    const std::size_t size = std::min(static_cast<std::size_t>(most), RecordRun::longest);
    if (!looks_ahead_) {
      return count_run(
          context, input, slots, size,
          [&input, slots ](std::size_t i)
              __attribute__((always_inline)) { return arrived(input, slots[i]); },
          alone);
    }
    // The hashes come first: instructions between two look-ups leave fewer of them under way.
    std::array<std::uint64_t, RecordRun::longest> hashes;
    for (std::size_t i = 0; i < size; ++i) {
      hashes[i] = hash_of(input, slots[i]);
    }
    set_->panes()->fetch(std::span(hashes).first(size));
    return count_run(
        context, input, slots, size,
        [&input, slots, &hashes ](std::size_t i)
            __attribute__((always_inline)) { return arrived(input, slots[i], hashes[i]); },
        alone);
  }

  Watermark set_watermark(Watermark in) {
    this->tell_watermark(in);
    const bool ends_again = set_->watermark() == end_of_time && in.time_ns != end_of_time;
    return {ends_again ? set_->output_before_end() : set_->output_watermark(),
            in.idle && set_->counts().open == 0};
  }

  template <class Next>
  bool fire(ChainContext& context, std::uint64_t& tally, Next& next) {
    CallTimer<true> timer(context, stage_->output);
    Out<Next, On::firing, true> out{this, &context, &tally, &next, &timer};
    return outside_of_records(out, [&] { return set_->fire_due(windows_per_slice, out); });
  }

  template <class Next>
  void on_time(ChainContext& context, std::int64_t now_ns, std::uint64_t& tally, Next& next) {
    this->time_is_told();
    CallTimer<true> timer(context, stage_->output);
    Out<Next, On::firing, true> out{this, &context, &tally, &next, &timer};
    outside_of_records(out, [&] {
      set_->on_time(now_ns, out);
      return false;
    });
  }

 private:
  static constexpr bool keyed = !std::is_same_v<Key, NoKey>;
  using Base::set_;
  using Base::stage_;
  using StoredKey = OwnedKey<Key>;
  using Accumulator = AccumulatorOf<A>;

  template <class Input, class Slot, class Arrival, class Alone>
  [[gnu::always_inline]] std::ptrdiff_t count_run(ChainContext& context, Input& input, Slot slots,
                                                  std::size_t size, const Arrival& arrival,
                                                  Alone& alone) {
    RecordRun run{size};
    while (run.done != size) {
      try {
        set_->on_run(run, arrival);
      } catch (...) {
        fail(context, record_of(input, slots[run.done++]));
        continue;
      }
      if (run.done != size) {
        set_->panes()->forget_fetched();
        alone(slots[run.done++]);
      }
    }
    set_->panes()->forget_fetched();
    return static_cast<std::ptrdiff_t>(size);
  }

  /// A record of a run. Its key is a reference, or a view that was made for this call.
  template <class K>
  struct Arrived {
    std::uint64_t hash;
    K key;
    std::int64_t time_ns;
    const In& record;
  };
  template <class Input, class Slot>
  [[gnu::always_inline]] static auto arrived(Input& input, Slot& slot, std::uint64_t hash) {
    if constexpr (keyed) {
      const auto key_time = input.key_time(slot, hash);
      return Arrived<decltype(key_time.key.key)>{hash, key_time.key.key, key_time.time_ns,
                                                 record_of(input, slot)};
    } else {
      return Arrived<NoKey>{hash, {}, input.key_time(slot).time_ns, record_of(input, slot)};
    }
  }
  template <class Input, class Slot>
  [[gnu::always_inline]] static auto arrived(Input& input, Slot& slot) {
    return arrived(input, slot, hash_of(input, slot));
  }
  template <class Input, class Slot>
  [[gnu::always_inline]] static std::uint64_t hash_of(Input& input, const Slot& slot) {
    if constexpr (keyed) {
      return input.hash(slot);
    } else {
      return hash_key(NoKey{});
    }
  }
  template <class Input, class Slot>
  [[gnu::always_inline]] static const In& record_of(Input& input, Slot& slot) {
    auto&& record = input.record(slot);
    return record;
  }

  /// Few enough that a burst of windows delays other records by less than a millisecond.
  static constexpr std::size_t windows_per_slice = 256;

  /// The cause of results: a record, whose update is timed without the results; or firing, of which
  /// the first result is timed, together with combining its accumulators.
  enum class On : std::uint8_t { record, firing };

  template <class Next, On on, bool timed>
  struct Out {
    WindowStep* step;
    ChainContext* context;
    std::uint64_t* tally;
    Next* next;
    CallTimer<timed>* timer;
    bool in_next = false;

    void result(const StoredKey& key, std::uint64_t hash, const Window& window,
                const Accumulator& value, std::int64_t time_ns) {
      if constexpr (on == On::record) {
        timer->pause();
      }
      if (std::optional<Result> made = make(key, window, value)) {
        pass_on(hash, key, time_ns, Output(*std::move(made)));
      }
      if constexpr (on == On::record) {
        timer->resume();
      }
    }
    std::optional<Result> make(const StoredKey& key, const Window& window,
                               const Accumulator& value) {
      std::optional<Result> made;
      try {
        CallTimer<timed && on == On::record> output(*context, step->stage_->output);
        made = call_output(step->aggregation_, key, value, window);
        output.stop();
        if constexpr (on == On::firing) {
          timer->stop();
        }
      } catch (...) {
        step->fail_output(*context, key);
      }
      return made;
    }
    void late(std::uint64_t hash, const Key& key, std::int64_t time_ns, const Taken& record) {
      if constexpr (SplitLate) {
        timer->pause();
        pass_on(hash, key, time_ns, Output(Late<In>{record}));
        timer->resume();
      }
    }
    [[gnu::noinline, gnu::cold]] void came_late(const LateArrival& arrival, const Taken& taken) {
      LossLog& losses = context->losses;
      const StageRuntime& stage = *step->stage_;
      const std::int64_t watermark_ns = step->set_->watermark();
      if constexpr (is_excerpt<Taken>) {
        if (const auto* const whole = whole_of(*context, taken)) {
          losses.late(stage, arrival, watermark_ns, *whole);
        } else {
          losses.late(stage, arrival, watermark_ns, taken);
        }
      } else if constexpr (!is_gathered<Taken>) {
        losses.late(stage, arrival, watermark_ns, taken);
      } else if (const auto* const partial = taken.partial()) {
        losses.late_together(stage, arrival, watermark_ns, partial->records);
      } else {
        losses.late(stage, arrival, watermark_ns, taken.record());
      }
    }
    template <class K>
    void pass_on(std::uint64_t hash, const K& key, std::int64_t time_ns, Output&& output) {
      ++*tally;
      in_next = true;
      if constexpr (keyed) {
        (*next)(At<KeyRef<const K&>>{{hash, key}, time_ns}, std::move(output));
      } else {
        (*next)(At<NoKey>{{}, time_ns}, std::move(output));
      }
      in_next = false;
    }
  };

  /// The record behind an excerpt, if it came along.
  static const auto* whole_of(const ChainContext& context, const Taken& taken) {
    return WholeRecords<typename Taken::Whole>::find(context.extra, &taken);
  }

  /// The time of a record that comes, or the greatest of those for which it stands.
  template <class KeyTime>
  static std::int64_t time_of_taken(const ChainContext& context, const KeyTime& key_time,
                                    const Taken& taken) {
    if constexpr (is_gathered<Taken>) {
      if (const auto* const partial = taken.partial()) {
        return partial->newest_ns;
      }
    }
    return time_of(context, key_time);
  }

  [[gnu::noinline, gnu::cold]] void fail(ChainContext& context, const Taken& taken) {
    try {
      throw;
    } catch (const StageError&) {
      throw;
    } catch (...) {
      context.failures.handle(*stage_, FailureHandler::current_error(), failed_input(taken));
    }
  }
  /// Call inside a catch block. No record is to blame if counting a partial failed.
  FailedRecord failed_input(const Taken& taken) const {
    if constexpr (!is_gathered<Taken>) {
      return failed_record(taken);  // of an excerpt, which numbers cannot make fail, it is the key
    } else {
      if (taken.partial() != nullptr) {
        throw_failed_aggregation(*stage_->info, "while records were counted");
      }
      return failed_record(taken.record());
    }
  }
  [[gnu::noinline, gnu::cold]] void fail_output(ChainContext& context, const StoredKey& key) {
    context.failures.handle(*stage_, FailureHandler::current_error(),
                            {"the windows of key " + describe(key)});
  }

  // Runs `work`. If combining accumulators fails, the application stops whatever the policy is,
  // because no single record is at fault and the windows are lost.
  template <class O, class Work>
  bool outside_of_records(O& out, Work&& work) {
    try {
      return work();
    } catch (const StageError&) {
      throw;
    } catch (...) {
      if (out.in_next) {
        throw;
      }
      throw_failed_aggregation(*stage_->info, "while windows fired");
    }
  }

  A aggregation_;
  const Clock& clock_;
  bool looks_ahead_ = false;  ///< in this batch
};

}  // namespace wallaroo::internal
