// Calls a computation and its `on_timer` with the parameters that they take.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include <wallaroo/types/timers.hpp>

#include "record/key.hpp"
#include "step/signature.hpp"

namespace wallaroo::internal {

template <class F, class... Args>
concept HasOnTimer = requires(F& function, Args&... args) {
  function.on_timer(args...);
};

/// Passes the record by const reference if the function accepts that; otherwise moves it, or passes
/// a copy.
template <class In, class F, class R, class... Rest>
decltype(auto) call_computation(F& function, R&& record, Rest&... rest) {
  if constexpr (std::is_invocable_v<F&, const In&, Rest&...>) {
    return std::invoke(function, std::as_const(record), rest...);
  } else if constexpr (std::is_invocable_v<F&, R&&, Rest&...>) {
    return std::invoke(function, std::forward<R>(record), rest...);
  } else {
    return std::invoke(function, In(record), rest...);
  }
}

// Passes the optional parameters, timers and key, only if the computation takes them.
template <class F, class State, class Key, class... Emit>
decltype(auto) call_on_timer(F& function, const Key& key, State& state, const Timer& timer,
                             Timers& timers, Emit&... emitter) {
  if constexpr (HasOnTimer<F, const Key, State, const Timer, Timers, Emit...>) {
    return function.on_timer(key, state, timer, timers, emitter...);
  } else if constexpr (HasOnTimer<F, const Key, State, const Timer, Emit...>) {
    return function.on_timer(key, state, timer, emitter...);
  } else if constexpr (HasOnTimer<F, State, const Timer, Timers, Emit...>) {
    return function.on_timer(state, timer, timers, emitter...);
  } else {
    static_assert(HasOnTimer<F, State, const Timer, Emit...>,
                  "wallaroo: a computation that takes Timers& is an object with a member "
                  "on_timer(const Key&, State&, const Timer&), which may take a Timers& and last, "
                  "where the computation takes an emitter, an Emitter<Out>&");
    return function.on_timer(state, timer, emitter...);
  }
}

/// Calls visit(output) for each output in a function's result: T, std::optional<T> or
/// std::vector<T>.
template <class Result, class Visit>
void each_output(Result&& result, Visit&& visit) {
  using Plain = std::remove_cvref_t<Result>;
  if constexpr (is_optional<Plain>) {
    if (result.has_value()) {
      visit(*std::forward<Result>(result));
    }
  } else if constexpr (is_vector<Plain>) {
    for (auto&& output : result) {
      visit(std::forward<decltype(output)>(output));
    }
  } else {
    visit(std::forward<Result>(result));
  }
}

}  // namespace wallaroo::internal
