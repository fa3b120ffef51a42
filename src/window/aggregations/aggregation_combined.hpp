// Several aggregations of the same windows, whose values become the fields of one struct.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#include "record/reflect.hpp"
#include "window/aggregations/aggregation_ready.hpp"
#include "window/aggregations/picked.hpp"
#include "window/aggregations/pre_aggregation.hpp"

namespace wallaroo::internal {

template <class Field, class Value>
concept HoldsWithoutLoss = requires(Value value) {
  Field{std::move(value)};
};

template <class P, class In>
concept PartTakes = requires(const P& part, const In& record, PartAccumulator<P>& accumulator) {
  part.update(record, accumulator);
};

template <class T, class... Parts>
constexpr bool check_fields() {
  static_assert(Aggregate<T>,
                "wallaroo: combined<T>(...) makes a T of the values of its aggregations: T must be "
                "a struct without constructors, bases or C arrays");
  static_assert((Part<Parts> && ...),
                "wallaroo: combined<T>(...) takes ready aggregations, or aggregations of your own "
                "that have value(const Accumulator&) const");
  if constexpr (Aggregate<T> && (Part<Parts> && ...)) {
    constexpr bool same_number = boost::pfr::tuple_size_v<T> == sizeof...(Parts);
    static_assert(same_number,
                  "wallaroo: combined<T>(...) needs one aggregation for each field of T, in their "
                  "order");
    if constexpr (same_number) {
      constexpr bool fit = []<std::size_t... I>(std::index_sequence<I...>) {
        return (HoldsWithoutLoss<boost::pfr::tuple_element_t<I, T>, PartValue<Parts>> && ...);
      }
      (std::index_sequence_for<Parts...>());
      static_assert(fit,
                    "wallaroo: combined<T>(...): a field of T cannot hold the value of its "
                    "aggregation without loss (counts are std::uint64_t, sums of integers "
                    "std::int64_t or std::uint64_t, means and variances double)");
    }
  }
  return true;
}

template <class T, class... Parts>
struct CombinedPart {
  static_assert(check_fields<T, Parts...>());
  using Accumulator = std::tuple<PartAccumulator<Parts>...>;
  using Indices = std::index_sequence_for<Parts...>;
  static constexpr bool pre_aggregate = (declares_pre_aggregate<Parts>() && ...);
  static constexpr bool picks = (declares_picks<Parts> && ...);
  static constexpr bool picks_nothing = (internal::picks_nothing<Parts>() && ...);

  std::tuple<Parts...> parts;

  Accumulator initial_accumulator() const { return initial(Indices()); }
  bool pays_to_pre_aggregate() const {
    return std::apply(
        [](const auto&... part) { return (internal::pays_to_pre_aggregate(part) && ...); }, parts);
  }
  template <class In>
  requires(PartTakes<Parts, In>&&...) void update(const In& record,
                                                  Accumulator& accumulators) const {
    update_each(record, accumulators, Indices());
  }
  Accumulator combine(Accumulator a, const Accumulator& b) const {
    return combine_each(a, b, Indices());
  }
  T value(const Accumulator& accumulators) const { return value_of(accumulators, Indices()); }
  template <class In>
  requires((declares_picks<Parts> && ...) &&
           (aggregates_picked<Parts, In>() && ...)) auto pick(const In& record) const {
    return std::apply([&](const auto&... part) { return picked_of(part.pick(record)...); }, parts);
  }
  template <class... Values>
  void take(const Picked<Values...>& picked, Accumulator& accumulators) const {
    take_each<0>(picked, accumulators);
  }

 private:
  static Picked<> picked_of() { return {}; }
  template <class First, class... Rest>
  static auto picked_of(const First& first, const Rest&... rest) {
    if constexpr (std::is_same_v<First, Picked<>>) {
      return picked_of(rest...);
    } else {
      return behind(first, picked_of(rest...));
    }
  }
  template <class First>
  static Picked<First> behind(const First& first, const Picked<>&) {
    return {first};
  }
  template <class First, class... Rest>
  static Picked<First, Rest...> behind(const First& first, const Picked<Rest...>& rest) {
    return {first, rest};
  }
  // Gives the parts from I on what was picked for them.
  template <std::size_t I, class Values>
  void take_each(const Values& picked, Accumulator& accumulators) const {
    if constexpr (I != sizeof...(Parts)) {
      const auto& part = std::get<I>(parts);
      if constexpr (internal::picks_nothing<std::tuple_element_t<I, std::tuple<Parts...>>>()) {
        part.take(Picked<>(), std::get<I>(accumulators));
        take_each<I + 1>(picked, accumulators);
      } else {
        part.take(picked.first, std::get<I>(accumulators));
        if constexpr (requires { picked.rest; }) {
          take_each<I + 1>(picked.rest, accumulators);
        } else {
          take_each<I + 1>(Picked<>(), accumulators);
        }
      }
    }
  }
  template <std::size_t... I>
  Accumulator initial(std::index_sequence<I...>) const {
    return {std::get<I>(parts).initial_accumulator()...};
  }
  template <class In, std::size_t... I>
  void update_each(const In& record, Accumulator& accumulators, std::index_sequence<I...>) const {
    (std::get<I>(parts).update(record, std::get<I>(accumulators)), ...);
  }
  template <std::size_t... I>
  Accumulator combine_each(Accumulator& a, const Accumulator& b, std::index_sequence<I...>) const {
    return {std::get<I>(parts).combine(std::move(std::get<I>(a)), std::get<I>(b))...};
  }
  template <std::size_t... I>
  T value_of(const Accumulator& accumulators, std::index_sequence<I...>) const {
    return T{std::get<I>(parts).value(std::get<I>(accumulators))...};
  }
};

}  // namespace wallaroo::internal
