// Counts, sums, extremes and moments of the records of a window.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "window/aggregations/aggregation_function.hpp"
#include "window/aggregations/aggregation_order.hpp"
#include "window/aggregations/picked.hpp"

namespace wallaroo::internal {

// A part that needs only numbers of a record says so with `picks`, and has `pick(record)`, which
// returns them, and `take(them, accumulator)`. Both together are its `update`, but they may be
// called on different executors, see Excerpt.

struct CountPart {
  static constexpr bool pre_aggregate = true;
  static constexpr bool picks = true;
  static constexpr bool picks_nothing = true;

  std::uint64_t initial_accumulator() const { return 0; }
  template <class In>
  void update(const In&, std::uint64_t& count) const {
    ++count;
  }
  template <class In>
  Picked<> pick(const In&) const {
    return {};
  }
  void take(const Picked<>&, std::uint64_t& count) const { ++count; }
  std::uint64_t combine(std::uint64_t a, std::uint64_t b) const { return a + b; }
  std::uint64_t value(std::uint64_t count) const { return count; }
};

template <class T>
constexpr auto sum_tag() {
  if constexpr (std::is_integral_v<T>) {
    using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
    return std::type_identity<Wide>{};
  } else if constexpr (std::is_same_v<T, float>) {
    return std::type_identity<double>{};
  } else {
    return std::type_identity<T>{};
  }
}
/// The type of a sum of values of type T.
template <class T>
using SumOf = typename decltype(sum_tag<T>())::type;

template <class T>
concept Summable = std::is_default_constructible_v<T> && requires(const T& a, const T& b) {
  { a + b } -> std::convertible_to<T>;
};

/// a + b; integers modulo 2^64, so that the order of additions does not matter.
template <class T>
T add(const T& a, const T& b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  } else {
    return a + b;
  }
}

template <class F>
struct SumPart {
  using Sum = SumOf<ValueOf<F>>;
  /// Sums of floating point would depend on where batches end, by rounding.
  static constexpr bool pre_aggregate = std::is_integral_v<Sum>;
  static constexpr bool picks = is_number_member<F>;
  static_assert(Summable<Sum>,
                "wallaroo: sum needs values that can be added: T{} + T that gives a T");

  F function;

  Sum initial_accumulator() const { return Sum{}; }
  template <class In>
  requires std::is_invocable_v<const F&, const In&>
  void update(const In& record, Sum& sum) const {
    sum = add(sum, static_cast<Sum>(std::invoke(function, record)));
  }
  template <class In>
  requires CanPick<F, In> Picked<ValueOf<F>> pick(const In& record)
  const { return {record.*function}; }
  template <class Value>
  void take(const Picked<Value>& picked, Sum& sum) const {
    sum = add(sum, static_cast<Sum>(picked.first));
  }
  Sum combine(const Sum& a, const Sum& b) const { return add(a, b); }
  Sum value(const Sum& sum) const { return sum; }
};

/// Finds the first value by Order, and of equal ones the earliest.
template <class F, class Order>
struct ExtremePart {
  using Extreme = ValueOf<F>;
  using Accumulator = std::optional<Extreme>;
  static constexpr bool pre_aggregate = true;
  static constexpr bool picks = is_number_member<F>;
  static_assert(Ordered<Extreme>, "wallaroo: min and max need values that can be compared with <");

  F function;

  Accumulator initial_accumulator() const { return std::nullopt; }
  template <class In>
  requires std::is_invocable_v<const F&, const In&>
  void update(const In& record, Accumulator& best) const {
    decltype(auto) value = std::invoke(function, record);
    if (!best || Order{}(value, *best)) {
      best.emplace(std::forward<decltype(value)>(value));
    }
  }
  template <class In>
  requires CanPick<F, In> Picked<Extreme> pick(const In& record)
  const { return {record.*function}; }
  void take(const Picked<Extreme>& picked, Accumulator& best) const {
    if (!best || Order{}(picked.first, *best)) {
      best.emplace(picked.first);
    }
  }
  Accumulator combine(Accumulator a, const Accumulator& b) const {
    return !a || (b && Order{}(*b, *a)) ? b : std::move(a);
  }
  /// Requires that there was a record, as in every window that fires.
  Extreme value(const Accumulator& best) const { return best.value(); }
};

/// The number of values, their mean, and the sum of squares of their distances from it.
struct Moments {
  std::uint64_t count = 0;
  double mean = 0;
  double squares = 0;

  friend bool operator==(const Moments&, const Moments&) = default;
};

/// Welford: "Note on a Method for Calculating Corrected Sums of Squares and Products",
/// Technometrics 4 (1962).
inline void add_value(double value, Moments& moments) {
  ++moments.count;
  const double delta = value - moments.mean;
  moments.mean += delta / static_cast<double>(moments.count);
  moments.squares += delta * (value - moments.mean);
}

/// Chan, Golub, LeVeque: "Updating Formulae and a Pairwise Algorithm for Computing Sample
/// Variances", COMPSTAT 1982.
inline Moments combine_moments(const Moments& a, const Moments& b) {
  if (a.count == 0 || b.count == 0) {
    return a.count == 0 ? b : a;
  }
  const std::uint64_t count = a.count + b.count;
  const double share_of_b = static_cast<double>(b.count) / static_cast<double>(count);
  const double delta = b.mean - a.mean;
  return {count, a.mean + delta * share_of_b,
          a.squares + b.squares + delta * delta * static_cast<double>(a.count) * share_of_b};
}

template <class F>
constexpr bool check_numbers() {
  static_assert(std::is_arithmetic_v<ValueOf<F>>,
                "wallaroo: mean and variance need numbers (integers or floating point)");
  return true;
}

struct CountAndSum {
  std::uint64_t count = 0;
  double sum = 0;
};

template <class F>
struct MeanPart {
  static_assert(check_numbers<F>());
  static constexpr bool picks = is_number_member<F>;

  F function;

  CountAndSum initial_accumulator() const { return {}; }
  template <class In>
  requires std::is_invocable_v<const F&, const In&>
  void update(const In& record, CountAndSum& all) const {
    add_number(std::invoke(function, record), all);
  }
  template <class In>
  requires CanPick<F, In> Picked<ValueOf<F>> pick(const In& record)
  const { return {record.*function}; }
  template <class Value>
  void take(const Picked<Value>& picked, CountAndSum& all) const {
    add_number(picked.first, all);
  }
  CountAndSum combine(const CountAndSum& a, const CountAndSum& b) const {
    return {a.count + b.count, a.sum + b.sum};
  }
  /// NaN if there are no values.
  double value(const CountAndSum& all) const {
    return all.count == 0 ? std::numeric_limits<double>::quiet_NaN()
                          : all.sum / static_cast<double>(all.count);
  }

 private:
  template <class Value>
  static void add_number(const Value& value, CountAndSum& all) {
    ++all.count;
    all.sum += static_cast<double>(value);
  }
};

/// How the values of a window are taken: as all there are, or as a sample of more, whose variance
/// is estimated.
enum class VarianceOf { all, sample };

template <class F, VarianceOf of>
struct VariancePart {
  static_assert(check_numbers<F>());
  static constexpr bool picks = is_number_member<F>;

  F function;

  Moments initial_accumulator() const { return {}; }
  template <class In>
  requires std::is_invocable_v<const F&, const In&>
  void update(const In& record, Moments& moments) const {
    add_value(static_cast<double>(std::invoke(function, record)), moments);
  }
  template <class In>
  requires CanPick<F, In> Picked<ValueOf<F>> pick(const In& record)
  const { return {record.*function}; }
  template <class Value>
  void take(const Picked<Value>& picked, Moments& moments) const {
    add_value(static_cast<double>(picked.first), moments);
  }
  Moments combine(const Moments& a, const Moments& b) const { return combine_moments(a, b); }
  /// NaN where it is not defined: without values, and for a sample of one.
  double value(const Moments& moments) const {
    const std::uint64_t less = of == VarianceOf::sample ? 1 : 0;
    return moments.count <= less ? std::numeric_limits<double>::quiet_NaN()
                                 : moments.squares / static_cast<double>(moments.count - less);
  }
};

}  // namespace wallaroo::internal
