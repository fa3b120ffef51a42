// Makes a complete aggregation of a part that computes a value.
#pragma once

#include <type_traits>
#include <utility>

#include <wallaroo/aggregation.hpp>

#include "window/aggregations/picked.hpp"

namespace wallaroo::internal {

/// An aggregation that can stand in combined<T>(...): it has value(const Accumulator&) const,
/// instead of `output` or besides it.
template <class P>
concept Part = requires(const P& part) {
  part.value(part.initial_accumulator());
};

template <Part P>
using PartAccumulator =
    std::remove_cvref_t<decltype(std::declval<const P&>().initial_accumulator())>;

template <Part P>
using PartValue = std::remove_cvref_t<decltype(std::declval<const P&>().value(
    std::declval<const PartAccumulator<P>&>()))>;

/// Adds `output` to a part; it returns the value together with key and window.
template <Part P>
struct ReadyAggregation : P {
  using Accumulator = PartAccumulator<P>;
  using Value = PartValue<P>;

  explicit ReadyAggregation(P part) : P(std::move(part)) {}

  template <class Key>
  WindowResult<Key, Value> output(const Key& key, const Accumulator& accumulator,
                                  const Window& window) const {
    return {key, this->value(accumulator), window};
  }
  WindowValue<Value> output(const Accumulator& accumulator, const Window& window) const {
    return {this->value(accumulator), window};
  }
};

template <Part P>
inline constexpr bool declares_picks<ReadyAggregation<P>> = requires {
  requires P::picks;
};

}  // namespace wallaroo::internal
