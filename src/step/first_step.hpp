// Lets the first step of a chain work on several records at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>

namespace wallaroo::internal {

/// True when the first step looks up the states of some records before these go through the chain.
template <class... Steps>
constexpr bool first_looks_ahead() {
  if constexpr (sizeof...(Steps) != 0) {
    using First = std::tuple_element_t<0, std::tuple<Steps...>>;
    return requires { requires First::looks_ahead; };
  }
  return false;
}

/// Has the step look up the states of the first records, whose hashes it returns. The hashes come
/// first: instructions between two look-ups would leave fewer of them under way.
template <class Step, class Input, class Slot>
[[gnu::always_inline]] inline auto look_up_ahead(Step& step, Input& input, Slot slots,
                                                 std::ptrdiff_t size) {
  std::array<std::uint64_t, Step::most_ahead> hashes;
  for (std::ptrdiff_t i = 0; i < size; ++i) {
    hashes[static_cast<std::size_t>(i)] = input.hash(slots[i]);
  }
  step.begin_look_ahead();
  for (std::ptrdiff_t i = 0; i < size; ++i) {
    step.look_ahead(input.key_time(slots[i], hashes[static_cast<std::size_t>(i)]));
  }
  return hashes;
}

/// True when the first step has a loop of its own over records that do nothing unusual there.
template <class... Steps>
constexpr bool first_takes_runs() {
  if constexpr (sizeof...(Steps) != 0) {
    using First = std::tuple_element_t<0, std::tuple<Steps...>>;
    return requires { requires First::takes_runs; };
  }
  return false;
}

}  // namespace wallaroo::internal
