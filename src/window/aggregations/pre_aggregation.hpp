// Tells which aggregations combine what was aggregated batch by batch, on several executors.
#pragma once

#include "window/aggregations/aggregation_traits.hpp"

namespace wallaroo::internal {

/// True when the aggregation says that its accumulators may be combined batch by batch. It is not
/// assumed, because such accumulators are of the same part of time, because the cost of combining
/// may grow with the records in an accumulator, and because rounding would depend on the batches.
template <class A>
constexpr bool declares_pre_aggregate() {
  if constexpr (requires { A::pre_aggregate; }) {
    return A::pre_aggregate;
  }
  return false;
}

/// True when A aggregates records of type In batch by batch; false if A lacks a member.
template <class A, class In>
constexpr bool pre_aggregates() {
  if constexpr (HasInitialAccumulator<const A>) {
    using Accumulator = typename AccumulatorFrom<const A>::type;
    if constexpr (HasUpdate<const A, In, Accumulator&> && HasCombine<const A, Accumulator>) {
      return declares_pre_aggregate<A>();
    }
  }
  return false;
}

/// Returns false for options with which aggregating batch by batch costs more than it saves.
template <class A>
bool pays_to_pre_aggregate(const A& aggregation) {
  if constexpr (requires { aggregation.pays_to_pre_aggregate(); }) {
    return aggregation.pays_to_pre_aggregate();
  }
  return true;
}

}  // namespace wallaroo::internal
