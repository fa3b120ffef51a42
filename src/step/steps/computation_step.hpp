// A stage of a fused chain that calls the user's function and hands its outputs to the next step.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "state/keyed_state.hpp"
#include "state/single_state.hpp"
#include "step/chain_context.hpp"
#include "step/describe.hpp"
#include "step/steps/computation.hpp"

namespace wallaroo::internal {

struct NoState {};

/// The entries that the next few records very likely have, looked up in a loop that does not wait
/// for them. What comes from memory then comes at the same time; the processor cannot achieve that
/// over whole records.
template <class Entry>
class LookAhead {
 public:
  static constexpr std::ptrdiff_t most = 32;

  /// Adds the entry of the next record to look up.
  [[gnu::always_inline]] void add(Entry* likely) { found_[added_++] = likely; }
  /// The entry of the next record to process; null when it has to be looked up now.
  [[gnu::always_inline]] Entry* take() { return found_[taken_++]; }
  /// Drops all entries, because they have moved.
  void forget() { std::fill(found_.begin(), found_.end(), nullptr); }
  void begin() { taken_ = added_ = 0; }

 private:
  std::array<Entry*, most> found_;
  std::size_t added_ = 0;
  std::size_t taken_ = 0;
};

/// The state of one stage on one executor: one value per key, or one value in a chain without keys.
template <class Key, class State>
struct StateHolder final : StageState {
  KeyedState<Key, State> states;
  LookAhead<typename KeyedState<Key, State>::Entry> ahead;

  std::vector<StatePart*> parts() override { return {&states}; }
  template <class K>
  [[gnu::always_inline]] void look_ahead(const KeyRef<K>& key_time) {
    ahead.add(states.find_ahead(key_time.hash));
  }
  template <Pass pass, class K>
  [[gnu::always_inline]] State& get(const KeyRef<K>& key_time) {
    if constexpr (pass == Pass::looked_up) {
      auto* const likely = ahead.take();
      return likely != nullptr && equal_keys(key_time.key, likely->first) ? likely->second
                                                                          : find_now(key_time);
    } else {
      return states.find_or_create(key_time.hash, key_time.key);
    }
  }

 private:
  template <class K>
  [[gnu::noinline]] State& find_now(const KeyRef<K>& key_time) {
    bool moved = false;
    State& state = states.create_ahead(key_time.hash, key_time.key, moved);
    if (moved) {
      ahead.forget();
    }
    return state;
  }
};
template <class State>
struct StateHolder<NoKey, State> final : StageState {
  SingleState<State> single;
  std::vector<StatePart*> parts() override { return {&single}; }
  template <Pass>
  State& get(const NoKey&) {
    return single.value;
  }
};
template <class Key>
struct StateHolder<Key, void> : NoState {};
template <>
struct StateHolder<NoKey, void> : NoState {};

/// Key is the type of the keys, or NoKey in a chain without keys.
template <class F, class In, class Key>
class ComputationStep {
 public:
  using Traits = Computation<F, In>;
  using Record = In;
  using Output = typename Traits::Output;
  /// True when the function may emit views into a record that owns its bytes.
  static constexpr bool may_view_its_record =
      may_hold_views<Output> && !only_views<In> && !std::is_scalar_v<In>;
  /// True when the tally counts losses (inputs without an output), false when it counts outputs.
  /// Losses are counted for functions with at most one output. With exactly one they are only the
  /// failures, and in a vectorised loop the losses of a filter are cheaper to count than its
  /// outputs.
  static constexpr bool tallies_losses = Traits::one_to_one || is_optional<typename Traits::Result>;
  static constexpr bool stateful = Traits::stateful;
  static constexpr bool plain = !stateful && !Traits::emits &&
                                std::is_trivially_copyable_v<Output> &&
                                !is_vector<typename Traits::Result>;

  struct Spec {
    StageId stage;
    F function;
  };

  ComputationStep(const Spec& spec, const SegmentContext& context)
      : function_(spec.function),
        stage_(context.stages.at(spec.stage)),
        state_(std::make_unique<StateHolder<Key, typename Traits::State>>()) {
    if constexpr (Traits::emits) {
      emitter_ = std::make_unique<Emitter<Output>>();
    }
  }

  StageRuntime& stage() { return *stage_; }
  StageState* stage_state() requires stateful { return state_.get(); }

  static constexpr bool looks_ahead = stateful && !std::is_same_v<Key, NoKey>;
  static constexpr std::ptrdiff_t most_ahead = LookAhead<void>::most;
  /// Called once per batch. True when the states are too large for the cache; otherwise the second
  /// loop would cost more than it gains.
  bool wants_look_ahead() {
    constexpr std::uint32_t batches_between = 64;  // because is_large() visits all key groups
    if (batches_++ % batches_between == 0) {
      wants_look_ahead_ = state_->states.is_large();
    }
    return wants_look_ahead_;
  }
  /// Fetches the states of the next records into the cache, at most `most_ahead` of them, for
  /// chains that take records one by one.
  void fetch(const std::uint64_t* hashes, std::size_t count) requires looks_ahead {
    constexpr std::uint32_t calls_between = 64;     // because size() visits all key groups
    constexpr std::size_t least_bytes = 32 * 1024;  // of the first cache, which others use, too
    if (batches_++ % calls_between == 0) {
      wants_look_ahead_ = state_->states.bytes() >= least_bytes;
    }
    if (wants_look_ahead_) {
      state_->states.fetch(hashes, count);
    }
  }
  /// Call before looking up the next records, in their order, at most `most_ahead` of them.
  void begin_look_ahead() { state_->ahead.begin(); }
  template <class KeyPart>
  [[gnu::always_inline]] void look_ahead(const KeyPart& key_time) {
    state_->look_ahead(key_part(key_time));
  }

  /// Moves the record to memory that lives as long as all records made from this input batch.
  template <class R>
  const In& keep(ChainContext& context, R&& record) {
    static_assert(std::is_constructible_v<In, R&&>,
                  "wallaroo: this stage emits views into a record that cannot be copied; emit "
                  "something that owns its bytes");
    if (kept_batch_ != context.batch) {
      kept_batch_ = context.batch;
      kept_ = new Kept;
      context.pins.kept.emplace_back(kept_);
      ++context.pins.epoch;
    }
    return kept_->records.emplace_back(std::forward<R>(record));
  }

  template <Pass pass, class KeyPart, class R, class Next>
  [[gnu::always_inline]] void apply(ChainContext& context, std::uint64_t& tally, const KeyPart& key,
                                    R&& record, Next&& next) {
    bool in_user_code = true;
    try {
      CallTimer<pass == Pass::timed> timer(context, stage_->call);
      if constexpr (Traits::emits) {
        auto take = [&](Output* outputs, std::size_t size) {
          tally += size;
          timer.pause();
          pass_all(outputs, size, next);
          timer.resume();
        };
        EmitterAccess::bind_arena(*emitter_, &ChainContext::arena, &context);
        EmitterAccess::bind(*emitter_, take);
        call<pass>(key, std::forward<R>(record), *emitter_);
        timer.stop();
        in_user_code = false;
        EmitterAccess::drain(*emitter_, take);
      } else {
        decltype(auto) result = call<pass>(key, std::forward<R>(record));
        timer.stop();
        in_user_code = false;
        pass_on(tally, std::forward<decltype(result)>(result), next);
      }
    } catch (...) {
      if (!in_user_code) {
        throw;
      }
      tally += tallies_losses ? 1 : 0;
      fail(context, record);
    }
  }

 private:
  template <Pass pass, class KeyPart, class R, class... Emit>
  decltype(auto) call(const KeyPart& key, R&& record, Emit&... emitter) {
    if constexpr (stateful) {
      return invoke(std::forward<R>(record), state_->template get<pass>(key_part(key)), emitter...);
    } else {
      return invoke(std::forward<R>(record), emitter...);
    }
  }

  // Only a function that takes R&& consumes the record. One that takes it by value gets a copy, so
  // that the record is still intact when the function throws and it must be reported. If others
  // need the record, it comes as const&, and a function that takes R&& gets a copy, too.
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

  template <class Result, class Next>
  [[gnu::always_inline]] static void pass_on(std::uint64_t& tally, Result&& result, Next& next) {
    using Plain = std::remove_cvref_t<Result>;
    if constexpr (is_optional<Plain>) {
      const bool passes = result.has_value();
      tally += passes ? 0 : 1;
      if (passes) {
        next(*std::forward<Result>(result));
      }
    } else if constexpr (is_vector<Plain>) {
      tally += result.size();
      if constexpr (std::is_same_v<Output, bool>) {
        for (const bool output : result) {
          next(bool{output});
        }
      } else if constexpr (std::is_rvalue_reference_v<Result&&>) {
        pass_all(result.data(), result.size(), next);
      } else {
        for (const auto& output : result) {
          next(output);
        }
      }
    } else if constexpr (std::is_lvalue_reference_v<Result&&>) {
      next(std::as_const(result));
    } else {
      next(std::forward<Result>(result));
    }
  }

  // Hands over all outputs with one call if the rest of the chain accepts that.
  template <class Next>
  [[gnu::always_inline]] static void pass_all(Output* outputs, std::size_t size, Next& next) {
    if constexpr (requires { next.all(outputs, size); }) {
      next.all(outputs, size);
    } else {
      for (std::size_t i = 0; i < size; ++i) {
        next(std::move(outputs[i]));
      }
    }
  }

  template <class R>
  [[gnu::noinline, gnu::cold]] void fail(ChainContext& context, const R& record) {
    if constexpr (Traits::emits) {
      EmitterAccess::discard(*emitter_);
    }
    try {
      throw;
    } catch (const StageFailure&) {
      throw;
    } catch (...) {
      context.failures.handle(*stage_, FailureHandler::current_error(), failed_record(record));
    }
  }

  struct Kept final : Pinned {
    std::deque<In> records;
  };

  F function_;
  boost::intrusive_ptr<Kept> kept_;
  std::uint64_t kept_batch_ = 0;
  std::uint32_t batches_ = 0;
  bool wants_look_ahead_ = false;
  StageRuntime* stage_;
  std::unique_ptr<StateHolder<Key, typename Traits::State>> state_;
  std::conditional_t<Traits::emits, std::unique_ptr<Emitter<Output>>, NoState> emitter_;
};

}  // namespace wallaroo::internal
