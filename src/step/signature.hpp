// Inspects a user's function, to find out which kind of computation it is.
#pragma once

#include <optional>
#include <tuple>
#include <type_traits>
#include <vector>

#include <wallaroo/emitter.hpp>
#include <wallaroo/types/timers.hpp>

namespace wallaroo::internal {

template <class R, class... Args>
struct FunctionShape {
  using Result = R;
  using Arguments = std::tuple<Args...>;
  static constexpr std::size_t arity = sizeof...(Args);
};

// The parameters and the result of a pointer to a function, or of an object with one call operator.
// Pointers to members are not inspected, because their only argument is the record.
template <class F>
struct ShapeOf {
  static constexpr bool known = false;
};
template <class R, class... A>
struct ShapeOf<R (*)(A...)> : FunctionShape<R, A...> {
  static constexpr bool known = true;
};
template <class R, class... A>
struct ShapeOf<R (*)(A...) noexcept> : ShapeOf<R (*)(A...)> {};

template <class Operator>
struct CallOperator;
template <class C, class R, class... A>
struct CallOperator<R (C::*)(A...)> : ShapeOf<R (*)(A...)> {};
template <class C, class R, class... A>
struct CallOperator<R (C::*)(A...) const> : ShapeOf<R (*)(A...)> {};
template <class C, class R, class... A>
struct CallOperator<R (C::*)(A...) noexcept> : ShapeOf<R (*)(A...)> {};
template <class C, class R, class... A>
struct CallOperator<R (C::*)(A...) const noexcept> : ShapeOf<R (*)(A...)> {};

template <class F>
concept HasOneCallOperator = requires {
  CallOperator<decltype(&F::operator())>::known;
};
template <HasOneCallOperator F>
struct ShapeOf<F> : CallOperator<decltype(&F::operator())> {};

template <class F, std::size_t I>
using ArgumentOf = std::tuple_element_t<I, typename ShapeOf<F>::Arguments>;

template <class T>
struct EmittedBy {
  static constexpr bool emits = false;
};
template <class T>
struct EmittedBy<Emitter<T>&> {
  static constexpr bool emits = true;
  using type = T;
};

template <class T>
inline constexpr bool is_emitter = false;
template <class T>
inline constexpr bool is_emitter<Emitter<T>> = true;

/// True when the last parameter takes an emitter.
template <class F>
constexpr bool takes_emitter() {
  if constexpr (ShapeOf<F>::known) {
    constexpr std::size_t arity = ShapeOf<F>::arity;
    if constexpr (arity >= 2) {
      return EmittedBy<ArgumentOf<F, arity - 1>>::emits;
    }
  }
  return false;
}

/// True when the third parameter takes timers.
template <class F>
constexpr bool takes_timers() {
  if constexpr (ShapeOf<F>::known) {
    if constexpr (ShapeOf<F>::arity >= 3) {
      return std::is_same_v<ArgumentOf<F, 2>, Timers&>;
    }
  }
  return false;
}

/// True when the function has a second parameter that is not the emitter.
template <class F>
constexpr bool takes_state() {
  if constexpr (ShapeOf<F>::known) {
    constexpr std::size_t others = (takes_emitter<F>() ? 1 : 0) + (takes_timers<F>() ? 1 : 0);
    return ShapeOf<F>::arity == 2 + others;
  }
  return false;
}

/// How a result becomes outputs.
template <class R>
struct OutputsOf {
  using type = R;
  static constexpr bool one = true;
};
template <class R>
struct OutputsOf<std::optional<R>> {
  using type = R;
  static constexpr bool one = false;
};
template <class R, class A>
struct OutputsOf<std::vector<R, A>> {
  using type = R;
  static constexpr bool one = false;
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T, class A>
inline constexpr bool is_vector<std::vector<T, A>> = true;

/// Functions decay to pointers, everything else is held by value.
template <class F>
using StoredFunction = std::decay_t<F>;

}  // namespace wallaroo::internal
