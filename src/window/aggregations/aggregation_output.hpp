// Calls an aggregation's `output`, with or without the key and the window.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <wallaroo/types/window.hpp>

#include "record/key.hpp"

namespace wallaroo::internal {

template <class A, class... Args>
concept HasOutput = requires(A& aggregation, const Args&... args) {
  aggregation.output(args...);
};

enum class OutputForm { none, acc, acc_window, key_acc, key_acc_window };

/// The form of `output` that is called for windows with keys of type Key (NoKey: without keys). If
/// an aggregation has several, it is the one with the most arguments.
template <class A, class Acc, class Key>
constexpr OutputForm output_form() {
  if constexpr (std::is_same_v<Key, NoKey>) {
    if constexpr (HasOutput<A, Acc, Window>) {
      return OutputForm::acc_window;
    } else if constexpr (HasOutput<A, Acc>) {
      return OutputForm::acc;
    } else {
      return OutputForm::none;
    }
  } else if constexpr (HasOutput<A, Key, Acc, Window>) {
    return OutputForm::key_acc_window;
  } else if constexpr (HasOutput<A, Key, Acc>) {
    return OutputForm::key_acc;
  } else {
    return OutputForm::none;
  }
}

template <OutputForm form, class A, class Key, class Acc>
decltype(auto) invoke_output(const A& aggregation, const Key& key, const Acc& accumulator,
                             const Window& window) {
  static_cast<void>(key);
  static_cast<void>(window);
  if constexpr (form == OutputForm::key_acc_window) {
    return aggregation.output(key, accumulator, window);
  } else if constexpr (form == OutputForm::key_acc) {
    return aggregation.output(key, accumulator);
  } else if constexpr (form == OutputForm::acc_window) {
    return aggregation.output(accumulator, window);
  } else {
    return aggregation.output(accumulator);
  }
}

/// The type that `output` returns, without references.
template <class A, class Acc, class Key>
using OutputResult = std::remove_cvref_t<decltype(invoke_output<output_form<const A, Acc, Key>()>(
    std::declval<const A&>(), std::declval<const Key&>(), std::declval<const Acc&>(),
    std::declval<const Window&>()))>;

template <class R>
struct AsOptional {
  using type = std::optional<R>;
};
template <class R>
struct AsOptional<std::optional<R>> {
  using type = std::optional<R>;
};

template <class R>
inline constexpr bool is_vector_output = false;
template <class R, class Allocator>
inline constexpr bool is_vector_output<std::vector<R, Allocator>> = true;

/// Returns the result of a window, or nothing if the aggregation gives none. `key` is a NoKey for
/// windows without keys. The aggregation must have passed AggregationTraits.
template <class A, class Key, class Acc>
typename AsOptional<OutputResult<A, Acc, Key>>::type call_output(const A& aggregation,
                                                                 const Key& key,
                                                                 const Acc& accumulator,
                                                                 const Window& window) {
  return invoke_output<output_form<const A, Acc, Key>()>(aggregation, key, accumulator, window);
}

}  // namespace wallaroo::internal
