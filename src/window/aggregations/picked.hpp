// The numbers of a record that an aggregation needs.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace wallaroo::internal {

/// Some values one after the other. Unlike a std::tuple it is trivially copyable.
template <class... Values>
struct Picked {};
template <class Only>
struct Picked<Only> {
  Only first;
};
template <class First, class Second, class... Rest>
struct Picked<First, Second, Rest...> {
  First first;
  Picked<Second, Rest...> rest;
};

/// True for pointers to a member that is a number: reading it cannot fail, and costs nothing.
template <class F>
inline constexpr bool is_number_member = false;
template <class T, class Value>
inline constexpr bool is_number_member<Value T::*> = std::is_arithmetic_v<Value>;

/// True when F points to such a member of In.
template <class F, class In>
concept CanPick = is_number_member<F> && requires(const In& record, const F& member) {
  record.*member;
};

/// True when the aggregation needs only what its `pick` returns. It is true for ready-made ones
/// only (see ReadyAggregation): a class derived from one may have an `update` of its own, which
/// needs more.
template <class A>
inline constexpr bool declares_picks = false;

/// True when all that such an aggregation needs is that there is a record.
template <class A>
constexpr bool picks_nothing() {
  if constexpr (requires { A::picks_nothing; }) {
    return A::picks_nothing;
  }
  return false;
}

/// What `pick` of the aggregation A returns for a record of type In.
template <class A, class In>
using PickedBy = decltype(std::declval<const A&>().pick(std::declval<const In&>()));

/// True when A aggregates records of type In by what it picks of them.
template <class A, class In>
constexpr bool aggregates_picked() {
  if constexpr (declares_picks<A>) {
    return requires(const A& aggregation, const In& record) { aggregation.pick(record); };
  }
  return false;
}

}  // namespace wallaroo::internal
