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

#include <wallaroo/types/expiry.hpp>
#include <wallaroo/types/timers.hpp>

#include "state/key_timers_calls.hpp"
#include "step/chain_context.hpp"
#include "step/describe.hpp"
#include "step/failures/silence.hpp"
#include "step/steps/computation.hpp"
#include "step/steps/on_timer.hpp"
#include "step/steps/temporal.hpp"
#include "step/steps/timed_state.hpp"
#include "step/steps/waiting_records.hpp"

namespace wallaroo::internal {

/// Key is NoKey in a chain without keys; then the stage has one state with its timers.
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
  static constexpr OutputOf output = has_timers ? OutputOf::firing : OutputOf::none;

  /// True when records that have to wait may hold views, whose memory must then be kept.
  static constexpr bool holds_views_of_records = has_timers && may_hold_views<In>;

  struct Spec {
    StageId stage;
    F function;
    Expiry expiry = {};
    std::optional<std::chrono::nanoseconds> timeout = std::nullopt;
    /// How many timers may fire before and after the records of one batch, or of one slice of an
    /// earlier step.
    std::size_t timers_per_batch = 4096;
  };

  TimedStateStep(const Spec& spec, const SegmentContext& context)
      : function_(spec.function),
        expiry_(spec.expiry),
        silence_(spec.timeout ? std::optional(spec.timeout->count()) : std::nullopt),
        timers_per_batch_(spec.timers_per_batch),
        at_once_(spec.timers_per_batch),
        clock_(context.clock),
        stage_(context.stages.at(spec.stage)),
        parts_(std::make_unique<Parts>(spec.expiry)) {}

  StageRuntime& stage() { return *stage_; }
  StageState* stage_state() { return parts_.get(); }

  void begin_batch(ChainContext&) {
    tell_time(clock_.now_ns());
    at_once_ = timers_per_batch_;
  }

  template <Pass pass, class KeyTime, class R, class Next>
  [[gnu::always_inline]] void apply(ChainContext& context, std::uint64_t& tally,
                                    const KeyTime& key_time, R&& record, Next&& next) {
    const std::int64_t time_ns = time_of(context, key_time);
    const auto key = hashed_key_of(key_time);
    Call<std::remove_reference_t<Next>, pass == Pass::timed> call{this, &context, &tally, &next};
    if constexpr (has_timers) {
      if (silence_.has_timeout()) {
        hear();
      }
      if (!waiting_.empty() || !call.fire_due_of(key, at_once_)) [[unlikely]] {
        waiting_.add(context, key.hash, key.key, time_ns, std::forward<R>(record));
        return;
      }
    }
    call.take(key, time_ns, std::forward<R>(record));
    call.fire_due_of(key, at_once_);
  }

  /// True while records wait because more timers of a record's key are due than may fire at once.
  /// No input may be taken, and no earlier step may emit, until `fire` has reached the last of
  /// them.
  bool waiting() const { return !waiting_.empty(); }

  Watermark set_watermark(Watermark in) {
    if (waiting()) {
      // The waiting records came before this watermark.
      return {parts_->passed_ns, false};
    }
    if (in.time_ns != in_ns_) {
      in_ns_ = in.time_ns;
      hear();
    }
    silence_.on_idle(in.idle);
    parts_->timers.on_watermark(in.time_ns);
    parts_->passed_ns = std::max(parts_->passed_ns, parts_->passed_by(in.time_ns));
    if (expires_by(ExpiryTime::event_time)) {
      // States expire only up to passed_ns, because timers that have still to fire may use states
      // that had not expired at their time.
      parts_->expire_at(parts_->passed_ns);
    }
    stage_->metrics.watermark.set(parts_->passed_ns);
    // The step had seen the end before a restart, and its input has not ended again yet.
    const bool ends_again = parts_->passed_ns == end_of_time && in.time_ns != end_of_time;
    return {ends_again ? parts_->timers.before_end() : parts_->passed_ns,
            in.idle && parts_->timers.size() == 0};
  }

  bool pending() const {
    const KeyTimers<Key>& timers = parts_->timers;
    if (parts_->expiring_due() || waiting() || timers.is_closing()) {
      return true;
    }
    return has_timers && !parts_->all_fired && timers.size() != 0 &&
           (timers.next_due_ns(TimerKind::event_time) <= timers.watermark() ||
            timers.next_due_ns(TimerKind::processing_time) <= timers.now_ns());
  }

  template <class Next>
  bool fire(ChainContext& context, std::uint64_t& tally, Next& next) {
    bool more_timers = false;
    // After a restart, or a watermark without records, no batch has told the time.
    tell_time(clock_.now_ns());
    if constexpr (has_timers) {
      Call<Next, true> call{this, &context, &tally, &next};
      std::size_t at_most = steps_per_slice;
      call.serve_waiting(at_most);
      at_once_ = timers_per_batch_;
      if (waiting()) {
        return true;
      }
      more_timers = parts_->timers.fire_due(
          at_most, [&](std::uint64_t hash, const Key& key, const Timer& timer) {
            call.on_timer({hash, key}, timer);
          });
      parts_->all_fired = !more_timers && parts_->timers.watermark() == end_of_time;
    }
    return expire_some() || more_timers;
  }

  void skip_time(std::int64_t gap_ns) { silence_.skip_time(gap_ns); }
  std::int64_t due_ns() const {
    std::int64_t due = end_of_time;
    if (has_timers && parts_->timers.size() != 0) {
      due = parts_->timers.next_due_ns(TimerKind::processing_time);
    }
    if (expires_by(ExpiryTime::processing_time)) {
      due = std::min(due, parts_->next_expiry());
    }
    if (has_timers && parts_->timers.can_close()) {
      due = std::min(due, silence_.due_ns());
    }
    return due;
  }
  template <class Next>
  void on_time(ChainContext&, std::int64_t now_ns, std::uint64_t&, Next&) {
    tell_time(now_ns);
    if (silence_.on_time(now_ns)) {
      parts_->timers.close();
    }
  }

 private:
  using HashedKey = KeyRef<const Key&>;

  struct Parts : TimedState<Key, State, Expires, has_timers> {
    using TimedState<Key, State, Expires, has_timers>::TimedState;
    Timers requests;
    std::conditional_t<Traits::emits, Emitter<Output>, NoKey> emitter;
  };

  static constexpr std::size_t steps_per_slice = 256;

  // The key as the tables use it. A view that was made for this call lives in `key_time`.
  template <class P>
  static HashedKey hashed_key_of(const P& key_time) {
    if constexpr (std::is_same_v<Key, NoKey>) {
      static constexpr NoKey no_key{};
      static const std::uint64_t no_hash = hash_key(no_key);
      return {no_hash, no_key};
    } else {
      return {key_part(key_time).hash, key_part(key_time).key};
    }
  }

  struct Times {
    std::int64_t event_ns;   ///< time of the record or timer, at which it uses the state
    std::int64_t output_ns;  ///< time of its outputs
    std::int64_t as_of_ns;   ///< time that decides whether the state has expired
  };

  State& state_of(const HashedKey& hashed_key, const Times& times) {
    if constexpr (Expires) {
      const bool by_event = expiry_.time == ExpiryTime::event_time;
      const std::int64_t now_ns = parts_->timers.now_ns();
      return parts_->states.find_or_create(hashed_key.hash, hashed_key.key,
                                           by_event ? times.event_ns : now_ns,
                                           by_event ? times.as_of_ns : now_ns);
    } else {
      return parts_->states.find_or_create(hashed_key.hash, hashed_key.key);
    }
  }

  // Makes calls of the user's function, passes on their outputs and applies their requests.
  template <class Next, bool timed>
  struct Call {
    TimedStateStep* step;
    ChainContext* context;
    std::uint64_t* tally;
    Next* next;

    template <class Failed, class Work>
    void run(SampledCall& call, const HashedKey& hashed_key, const Times& times,
             Failed&& failed_input, Work&& work) {
      const std::int64_t time_ns = times.output_ns;
      Parts& parts = *step->parts_;
      CallTimer<timed> timer(*context, call);
      auto take = [&](Output* outputs, std::size_t size) {
        timer.pause();
        for (std::size_t i = 0; i < size; ++i) {
          pass_on(hashed_key, time_ns, std::move(outputs[i]));
        }
        timer.resume();
      };
      bool in_user_code = true;
      try {
        TimersAccess::begin(parts.requests, times.event_ns, parts.timers.watermark());
        State& state = step->state_of(hashed_key, times);
        if constexpr (Traits::emits) {
          EmitterAccess::bind_arena(parts.emitter, &ChainContext::arena, context);
          EmitterAccess::bind(parts.emitter, take);
          with_timers(work, state, parts.emitter);
          timer.stop();
          in_user_code = false;
          EmitterAccess::drain(parts.emitter, take);
        } else {
          decltype(auto) result = with_timers(work, state);
          timer.stop();
          in_user_code = false;
          each_output(std::forward<decltype(result)>(result), [&](auto&& output) {
            pass_on(hashed_key, time_ns, Output(std::forward<decltype(output)>(output)));
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
        context->failures.handle(*step->stage_, FailureHandler::current_error(), failed_input());
        return;
      }
      TimersAccess::apply(parts.requests, parts.timers, hashed_key.hash, hashed_key.key);
    }

    void on_timer(const HashedKey& hashed_key, const Timer& timer) {
      const std::int64_t due_ns = timer.due.time_since_epoch().count();
      const OwnedKey<Key> key(hashed_key.key);
      run(
          step->stage_->output, hashed_key, step->times_of(timer.kind, due_ns, *context),
          [&] { return FailedRecord{"a timer of key " + describe(key)}; },
          [&](State& state, auto&... rest) -> decltype(auto) {
            return call_on_timer(step->function_, key, state, timer, rest...);
          });
    }

    template <class R>
    void take(const HashedKey& hashed_key, std::int64_t time_ns, R&& record) {
      run(
          step->stage_->call, hashed_key, {time_ns, time_ns, step->parts_->timers.watermark()},
          [&] { return failed_record(record); },
          [&](State& state, auto&... rest) {
            return call_computation<In>(step->function_, std::forward<R>(record), state, rest...);
          });
    }

    /// Fires due timers of a key, which it counts down. Returns false when more are due.
    bool fire_due_of(const HashedKey& hashed_key, std::size_t& at_most) {
      if constexpr (has_timers) {
        return step->parts_->timers.fire_due_of(
            hashed_key.hash, hashed_key.key, at_most,
            [&](std::uint64_t hash, const Key& key, const Timer& timer) {
              on_timer({hash, key}, timer);
            });
      } else {
        return true;
      }
    }

    void serve_waiting(std::size_t& at_most) {
      while (step->waiting() && at_most > 0) {
        auto& waiting = step->waiting_.front();
        const Key key(waiting.key);
        const HashedKey hashed_key{waiting.hash, key};
        if (!fire_due_of(hashed_key, at_most) || at_most == 0) {
          return;
        }
        --at_most;
        const std::int64_t now_ns =
            std::exchange(context->pins.ingest_ns, std::int64_t{waiting.ingest_ns});
        take(hashed_key, waiting.time_ns, std::move(waiting.record));
        context->pins.ingest_ns = now_ns;
        fire_due_of(hashed_key, at_most);
        step->waiting_.pop();
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
    void pass_on(const HashedKey& hashed_key, std::int64_t time_ns, Output&& output) {
      ++*tally;
      if constexpr (std::is_same_v<Key, NoKey>) {
        (*next)(At<NoKey>{{}, time_ns}, std::move(output));
      } else {
        (*next)(At<HashedKey>{hashed_key, time_ns}, std::move(output));
      }
    }
  };

  // A late record may set a timer for a time that the stage has passed. The timer's outputs get the
  // time of the stage, so that they are not late. Its use of the state counts at its own time:
  // otherwise the next record's result would depend on how records were put into batches.
  Times times_of(TimerKind time, std::int64_t due_ns, const ChainContext& context) const {
    if (time == TimerKind::event_time) {
      return {due_ns, std::max(due_ns, parts_->passed_ns), due_ns};
    }
    const std::int64_t time_ns = processing_timer_time(context);
    return {time_ns, time_ns, parts_->timers.watermark()};
  }
  // The event time of the outputs of a timer of processing time.
  std::int64_t processing_timer_time(const ChainContext& context) const {
    return parts_->passed_ns == no_time ? context.ingest_time_ns() : parts_->passed_ns;
  }

  // Tells that there is input, which ends the closing of timers.
  void hear() {
    silence_.on_input();
    parts_->timers.stop_closing();
  }

  void tell_time(std::int64_t now_ns) {
    parts_->timers.on_time(now_ns);
    if (expires_by(ExpiryTime::processing_time)) {
      parts_->expire_at(now_ns);
    }
  }

  bool expires_by(ExpiryTime time) const { return Expires && expiry_.time == time; }
  bool expire_some() {
    const bool more = parts_->expire_some(steps_per_slice);
    stage_->metrics.expired_keys.add(parts_->expired() - expired_);
    expired_ = parts_->expired();
    return more;
  }

  F function_;
  Expiry expiry_;
  Silence silence_;
  std::size_t timers_per_batch_;
  std::size_t at_once_;  ///< timers that may still fire before this batch has to wait
  std::int64_t in_ns_ = no_time;
  WaitingRecords<Key, In> waiting_;
  const Clock& clock_;
  StageRuntime* stage_;
  std::unique_ptr<Parts> parts_;
  std::uint64_t expired_ = 0;
};

}  // namespace wallaroo::internal
