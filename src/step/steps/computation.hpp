// Checks, classifies and calls a user's computation.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "record/key.hpp"
#include "record/stored/stored_check.hpp"
#include "record/views.hpp"
#include "step/signature.hpp"

namespace wallaroo::internal {

template <class F, class In>
constexpr bool accepts_record() {
  using Arg = ArgumentOf<F, 0>;
  if constexpr (std::is_lvalue_reference_v<Arg> && !std::is_const_v<std::remove_reference_t<Arg>>) {
    return false;
  } else {
    return std::is_convertible_v<In&&, Arg> || std::is_convertible_v<const In&, Arg>;
  }
}

template <class F, class In>
constexpr bool moves_record_only() {
  return !std::is_convertible_v<const In&, ArgumentOf<F, 0>>;
}

template <class F>
struct StateOf {
  using type = void;
};
template <class F>
requires(takes_state<F>()) struct StateOf<F> {
  using type = std::remove_cvref_t<ArgumentOf<F, 1>>;
};

/// Checks that F can be a stage after one that emits In, with compile errors in the user's words,
/// and classifies it. In is never a reference.
template <class F, class In>
struct Computation {
  static constexpr bool known = ShapeOf<F>::known;
  static_assert(known || std::is_invocable_v<F&, const In&> || std::is_invocable_v<F&, In&&>,
                "wallaroo: a stage's function must take the record of the stage before it. A "
                "generic or overloaded function that takes more than the record must be wrapped "
                "in a lambda with explicit parameter types");

  static constexpr bool emits = takes_emitter<F>();
  static constexpr bool timed = takes_timers<F>();
  static constexpr bool stateful = takes_state<F>();

  static constexpr bool check_arity() {
    if constexpr (known) {
      constexpr std::size_t arity = ShapeOf<F>::arity;
      static_assert(arity >= 1, "wallaroo: a stage's function must take the record");
      static_assert(
          arity <= 2u + (emits ? 1u : 0u) + (timed ? 1u : 0u),
          "wallaroo: a stage's function takes (record), (record, state&), "
          "(record, Emitter<Out>&) or (record, state&, Emitter<Out>&); one with state may "
          "take a Timers& after it");
    }
    return true;
  }
  static_assert(check_arity());

  static constexpr bool check_record() {
    if constexpr (known) {
      static_assert(accepts_record<F, In>(),
                    "wallaroo: the record type that the previous stage emits does not fit the "
                    "first parameter of this stage's function (take it by const reference, by "
                    "value or by rvalue reference)");
    }
    return true;
  }
  static_assert(check_record());

  using State = typename StateOf<F>::type;

  static constexpr bool check_state() {
    if constexpr (stateful) {
      using Parameter = ArgumentOf<F, 1>;
      static_assert(!is_emitter<std::remove_cvref_t<Parameter>>,
                    "wallaroo: an emitter is taken by reference, as Emitter<Out>&, and last");
      static_assert(std::is_lvalue_reference_v<Parameter> &&
                        !std::is_const_v<std::remove_reference_t<Parameter>>,
                    "wallaroo: the second parameter of a state computation must be a non-const "
                    "reference to its state, as in f(const Record&, State&)");
      static_assert(std::is_default_constructible_v<State>,
                    "wallaroo: the state of a new key starts as State{}; this state type has no "
                    "default constructor");
      static_assert(std::is_move_constructible_v<State>, "wallaroo: a state type must be movable");
      static_assert(!holds_views<State>,
                    "wallaroo: state must own its bytes: this state type holds a view "
                    "(std::string_view, std::span or a pointer) whose bytes are gone after the "
                    "call; keep a std::string or a std::vector instead");
      static_assert(check_storable<State>());
    }
    return true;
  }
  static_assert(check_state());

  static constexpr auto result_tag() {
    if constexpr (emits) {
      using Emitted = typename EmittedBy<ArgumentOf<F, ShapeOf<F>::arity - 1>>::type;
      static_assert(std::is_void_v<typename ShapeOf<F>::Result>,
                    "wallaroo: a function that takes an emitter returns void");
      return std::type_identity<Emitted>{};
    } else if constexpr (known) {
      return std::type_identity<std::remove_cvref_t<typename ShapeOf<F>::Result>>{};
    } else if constexpr (std::is_invocable_v<F&, const In&>) {
      return std::type_identity<std::remove_cvref_t<std::invoke_result_t<F&, const In&>>>{};
    } else {
      return std::type_identity<std::remove_cvref_t<std::invoke_result_t<F&, In&&>>>{};
    }
  }
  using Result = typename decltype(result_tag())::type;
  static_assert(emits || !std::is_void_v<Result>,
                "wallaroo: a stage's function must return its output (T, std::optional<T> or "
                "std::vector<T>) or take an Emitter<T>& as its last parameter");
  using Output = std::conditional_t<emits, Result, typename OutputsOf<Result>::type>;
  /// True when there is exactly one output for each input.
  static constexpr bool one_to_one = !emits && OutputsOf<Result>::one;
};

/// The engine's side of an emitter. `take(outputs, size)` gets the outputs that it holds.
struct EmitterAccess {
  template <class T, class Take>
  static void bind(Emitter<T>& emitter, Take& take) {
    emitter.drain_context_ = &take;
    emitter.drain_ = [](Emitter<T>& self, void* context) {
      drain(self, *static_cast<Take*>(context));
    };
  }
  template <class T>
  static void bind_arena(Emitter<T>& emitter, Arena& (*arena)(void*), void* context) {
    emitter.arena_ = arena;
    emitter.arena_context_ = context;
  }
  template <class T, class Take>
  static void drain(Emitter<T>& emitter, Take& take) {
    // Clears the emitter also when a later stage fails, because the function that emits may swallow
    // the exception.
    struct Clear {
      Emitter<T>& emitter;
      ~Clear() { emitter.clear(); }
    } const clear{emitter};
    take(emitter.slots_, emitter.size());
  }
  template <class T>
  static void discard(Emitter<T>& emitter) {
    emitter.clear();
  }
};

}  // namespace wallaroo::internal
