// A state computation that has timers, or whose state expires, as a step of a chain.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <wallaroo/expiry.hpp>
#include <wallaroo/timers.hpp>

#include "state/key_timers_calls.hpp"
#include "step/chain_context.hpp"
#include "step/computation.hpp"
#include "step/describe.hpp"
#include "step/on_timer.hpp"
#include "step/temporal.hpp"
#include "step/timed_state.hpp"

namespace wallaroo::internal {

/// Key is NoKey in a chain without keys: then one state and its timers are the stage's.
template <class F, class In, class Key, bool Expires>
class TimedStateStep : public TemporalStep {
 public:
  using Traits = Computation<F, In>;
  using Record = In;
  using Output = typename Traits::Output;
  using State = typename Traits::State;
  static_assert(Traits::stateful,
                "wallaroo: only a state computation, f(const Record&, State&, ...), has timers or "
                "state that expires");
  static_assert(
      !may_hold_views<Output>,
      "wallaroo: the outputs of a computation with timers or expiring state must own their "
      "bytes");
  static constexpr bool has_timers = Traits::timed;
  static constexpr bool tallies_losses = false;
  static constexpr bool stateful = true;
  static constexpr StageKind kind = StageKind::state_computation;

  struct Spec {
    F function;
    Expiry expiry = {};
    int stage = -1;
  };

  TimedStateStep(const Spec& spec, const SegmentContext& context)
      : function_(spec.function),
        expiry_(spec.expiry),
        clock_(context.clock),
        stage_(context.stages.at(spec.stage)),
        parts_(std::make_unique<Parts>(spec.expiry)) {}

  StageRuntime& stage() { return *stage_; }
  StageState* stage_state() { return parts_.get(); }

  void begin_batch(ChainContext&) { tell_time(clock_.now_ns()); }

  template <Pass, class Place, class R, class Next>
  [[gnu::always_inline]] void apply(ChainContext& context, std::uint64_t& tally, const Place& place,
                                    R&& record, Next&& next) {
    const std::int64_t time_ns = time_of(context, place);
    const auto key = keyed_place(place);
    Call<std::remove_reference_t<Next>> call{this, &context, &tally, &next};
    call.fire_due_of(key);
    call.run(
        key, {time_ns, time_ns, parts_->timers.watermark()}, [&] { return describe(record); },
        [&](State& state, auto&... rest) {
          return invoke(std::forward<R>(record), state, rest...);
        });
    call.fire_due_of(key);
  }

  Watermark set_watermark(Watermark in) {
    parts_->timers.on_watermark(in.time_ns);
    parts_->passed_ns = std::max(parts_->passed_ns, passed_by(in.time_ns));
    if (expires_by(ExpiryTime::event_time)) {
      // Not as far as timers have still to fire: their states may not have expired by then.
      expire_at(parts_->passed_ns);
    }
    stage_->metrics.watermark.set(parts_->passed_ns);
    return {parts_->passed_ns, in.idle && parts_->timers.size() == 0};
  }

  bool pending() const {
    if (expiring_due()) {
      return true;
    }
    const KeyTimers<Key>& timers = parts_->timers;
    return has_timers && !parts_->all_fired && timers.size() != 0 &&
           (timers.next_due_ns(TimerKind::event_time) <= timers.watermark() ||
            timers.next_due_ns(TimerKind::processing_time) <= timers.now_ns());
  }

  template <class Next>
  bool fire(ChainContext& context, std::uint64_t& tally, Next& next) {
    bool more_timers = false;
    // Behind a restart, or a watermark that came by itself, no batch has told it.
    tell_time(clock_.now_ns());
    if constexpr (has_timers) {
      Call<Next> call{this, &context, &tally, &next};
      more_timers = parts_->timers.fire_due(
          steps_per_slice, [&](std::uint64_t hash, const Key& key, const Timer& timer) {
            call.on_timer({hash, key}, timer);
          });
      parts_->all_fired = !more_timers && parts_->timers.watermark() == end_of_time;
    }
    return expire_some() || more_timers;
  }

  std::int64_t due_ns() const {
    std::int64_t due = end_of_time;
    if (has_timers && parts_->timers.size() != 0) {
      due = parts_->timers.next_due_ns(TimerKind::processing_time);
    }
    if (expires_by(ExpiryTime::processing_time)) {
      due = std::min(due, next_expiry());
    }
    return due;
  }
  template <class Next>
  void on_time(ChainContext&, std::int64_t now_ns, std::uint64_t&, Next&) {
    tell_time(now_ns);
  }

 private:
  using Place = KeyRef<const Key&>;

  struct Parts : TimedState<Key, State, Expires, has_timers> {
    using TimedState<Key, State, Expires, has_timers>::TimedState;
    Timers requests;
    std::conditional_t<Traits::emits, Emitter<Output>, NoKey> emitter;
  };

  static constexpr std::size_t steps_per_slice = 256;

  // The key as the tables know it; a view made for the occasion lives in the place given.
  template <class P>
  static Place keyed_place(const P& place) {
    if constexpr (std::is_same_v<Key, NoKey>) {
      static constexpr NoKey no_key{};
      static const std::uint64_t no_hash = hash_key(no_key);
      return {no_hash, no_key};
    } else {
      return {key_place(place).hash, key_place(place).key};
    }
  }

  struct Times {
    std::int64_t event_ns;   ///< of the record or the timer: when it uses the state
    std::int64_t output_ns;  ///< of what it emits
    std::int64_t as_of_ns;   ///< expired or not: for a timer as it was when that was due
  };

  State& state_of(const Place& place, const Times& times) {
    if constexpr (Expires) {
      const bool by_event = expiry_.time == ExpiryTime::event_time;
      const std::int64_t now_ns = parts_->timers.now_ns();
      return parts_->states.find_or_create(place.hash, place.key,
                                           by_event ? times.event_ns : now_ns,
                                           by_event ? times.as_of_ns : now_ns);
    } else {
      return parts_->states.find_or_create(place.hash, place.key);
    }
  }

  // One call of the user's function, and what follows from it.
  template <class Next>
  struct Call {
    TimedStateStep* step;
    ChainContext* context;
    std::uint64_t* tally;
    Next* next;

    template <class Describe, class Work>
    void run(const Place& place, const Times& times, Describe&& describe_input, Work&& work) {
      const std::int64_t time_ns = times.output_ns;
      Parts& parts = *step->parts_;
      auto take = [&](Output* outputs, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i) {
          pass_on(place, time_ns, std::move(outputs[i]));
        }
      };
      bool in_user_code = true;
      try {
        TimersAccess::begin(parts.requests, times.event_ns, parts.timers.watermark());
        State& state = step->state_of(place, times);
        if constexpr (Traits::emits) {
          EmitterAccess::bind_arena(parts.emitter, &ChainContext::arena, context);
          EmitterAccess::bind(parts.emitter, take);
          with_timers(work, state, parts.emitter);
          in_user_code = false;
          EmitterAccess::drain(parts.emitter, take);
        } else {
          decltype(auto) result = with_timers(work, state);
          in_user_code = false;
          each_output(std::forward<decltype(result)>(result), [&](auto&& output) {
            pass_on(place, time_ns, Output(std::forward<decltype(output)>(output)));
          });
        }
      } catch (const StageFailure&) {
        throw;
      } catch (...) {
        if (!in_user_code) {
          throw;
        }
        if constexpr (Traits::emits) {
          EmitterAccess::discard(parts.emitter);
        }
        context->failures.handle(*step->stage_, FailureHandler::current_error(),
                                 {describe_input()});
        return;
      }
      TimersAccess::apply(parts.requests, parts.timers, place.hash, place.key);
    }

    void on_timer(const Place& place, const Timer& timer) {
      const std::int64_t due_ns = timer.due.time_since_epoch().count();
      const OwnedKey<Key> key(place.key);
      run(
          place, step->times_of(timer.kind, due_ns, *context),
          [&] { return "a timer of key " + describe(key); },
          [&](State& state, auto&... rest) -> decltype(auto) {
            return call_on_timer(step->function_, key, state, timer, rest...);
          });
    }

    void fire_due_of(const Place& place) {
      if constexpr (has_timers) {
        step->parts_->timers.fire_due_of(
            place.hash, place.key, [&](std::uint64_t hash, const Key& key, const Timer& timer) {
              on_timer({hash, key}, timer);
            });
      }
    }

   private:
    template <class Work, class... Emit>
    decltype(auto) with_timers(Work& work, State& state, Emit&... emitter) {
      if constexpr (has_timers) {
        return work(state, step->parts_->requests, emitter...);
      } else {
        return work(state, emitter...);
      }
    }
    void pass_on(const Place& place, std::int64_t time_ns, Output&& output) {
      ++*tally;
      if constexpr (std::is_same_v<Key, NoKey>) {
        (*next)(At<NoKey>{{}, time_ns}, std::move(output));
      } else {
        (*next)(At<Place>{place, time_ns}, std::move(output));
      }
    }
  };

  template <class R, class... Rest>
  decltype(auto) invoke(R&& record, Rest&... rest) {
    if constexpr (std::is_invocable_v<F&, const In&, Rest&...>) {
      return std::invoke(function_, std::as_const(record), rest...);
    } else if constexpr (std::is_invocable_v<F&, R&&, Rest&...>) {
      return std::invoke(function_, std::forward<R>(record), rest...);
    } else {
      return std::invoke(function_, In(record), rest...);
    }
  }

  // A timer that was set for a time that has passed, by a record that is late, may emit nothing
  // that is late too; but how far the stage is then is no use of the state: what the next record
  // finds would follow from how records were put into batches.
  Times times_of(TimerKind time, std::int64_t due_ns, const ChainContext& context) const {
    if (time == TimerKind::event_time) {
      return {due_ns, std::max(due_ns, parts_->passed_ns), due_ns};
    }
    const std::int64_t time_ns = processing_timer_time(context);
    return {time_ns, time_ns, parts_->timers.watermark()};
  }
  // Of an output that no record's time explains.
  std::int64_t processing_timer_time(const ChainContext& context) const {
    return parts_->passed_ns == no_time ? context.ingest_time_ns() : parts_->passed_ns;
  }

  void tell_time(std::int64_t now_ns) {
    parts_->timers.on_time(now_ns);
    if (expires_by(ExpiryTime::processing_time)) {
      expire_at(now_ns);
    }
  }

  // As far as no output of a timer can have an earlier time. Timers may be set for the end of time,
  // and what they emit must not be late for the stages that follow.
  std::int64_t passed_by(std::int64_t watermark) const {
    if (!has_timers || parts_->all_fired || parts_->timers.size() == 0) {
      return watermark;
    }
    const std::int64_t next = parts_->timers.next_due_ns(TimerKind::event_time);
    if (next == end_of_time && watermark == end_of_time) {
      return no_time;
    }
    return std::min(watermark, saturating_add(next, -1));
  }

  bool expires_by(ExpiryTime time) const { return Expires && expiry_.time == time; }
  void expire_at(std::int64_t now_ns) {
    if constexpr (Expires) {
      parts_->expired_at_ns = std::max(parts_->expired_at_ns, now_ns);
      parts_->states.on_time(now_ns);
    }
  }
  std::int64_t next_expiry() const {
    if constexpr (Expires) {
      return parts_->states.next_due_ns();
    } else {
      return end_of_time;
    }
  }
  bool expiring_due() const {
    return Expires && next_expiry() <= parts_->expired_at_ns && next_expiry() != end_of_time;
  }
  bool expire_some() {
    if constexpr (Expires) {
      const bool more = parts_->states.expire_due(steps_per_slice);
      stage_->metrics.expired_keys.add(parts_->states.expired() - expired_);
      expired_ = parts_->states.expired();
      return more;
    } else {
      return false;
    }
  }

  F function_;
  Expiry expiry_;
  const Clock& clock_;
  StageRuntime* stage_;
  std::unique_ptr<Parts> parts_;
  std::uint64_t expired_ = 0;
};

}  // namespace wallaroo::internal
