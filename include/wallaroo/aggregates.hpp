// Ready aggregations of a window's records, for `.over(...)`.
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <wallaroo/aggregation.hpp>
#include <wallaroo/types/error.hpp>

#include "window/aggregations/aggregation_collections.hpp"
#include "window/aggregations/aggregation_combined.hpp"
#include "window/aggregations/aggregation_numbers.hpp"
#include "window/aggregations/aggregation_ready.hpp"

namespace wallaroo {

// Each aggregation emits a WindowResult{key, value, window} for every window of a key, or a
// WindowValue{value, window} on a stream without keys. `f` is a pointer to a member of the record,
// or a function of the record with an explicit parameter type; a std::string_view that it returns
// is kept as std::string. Memory is per window and key.

namespace internal {

/// `part` as an aggregation.
template <class P>
ReadyAggregation<P> ready(P part) {
  return ReadyAggregation<P>(std::move(part));
}

inline std::size_t checked_k(std::size_t k, const char* function) {
  if (k == 0) {
    throw ConfigError(std::string(function) + "(0, ...) keeps nothing: give the number to keep");
  }
  return k;
}

}  // namespace internal

/// The number of records, as std::uint64_t.
inline auto count() { return internal::ready(internal::CountPart{}); }

/// The sum of f. Signed integers are added as std::int64_t, unsigned ones and bool as
/// std::uint64_t; a sum beyond their range wraps around (modulo 2^64), so it is right again when
/// later records bring it back into range. float is added as double; any other type needs T{} and +
/// (as durations have) and is added as itself. A floating-point sum may differ by rounding from
/// that of a loop over the records, because it is put together from the sums of pieces of the
/// window; one NaN makes the sum NaN.
template <class F>
auto sum(F f) {
  return internal::ready(internal::SumPart<F>{std::move(f)});
}

/// The least value of f; among equal values (such as 0.0 and -0.0) the earliest. NaN is the result
/// only when every value is NaN, as in std::fmin.
template <class F>
auto min(F f) {
  return internal::ready(internal::ExtremePart<F, internal::AscendingOrder>{std::move(f)});
}

/// The greatest value of f; among equal values the earliest. NaN is the result only when every
/// value is NaN, as in std::fmax.
template <class F>
auto max(F f) {
  return internal::ready(internal::ExtremePart<F, internal::DescendingOrder>{std::move(f)});
}

/// The mean of f, as double: the sum, also as double (which rounds integers above 2^53), divided by
/// the number of records. One NaN makes the result NaN.
template <class F>
auto mean(F f) {
  return internal::ready(internal::MeanPart<F>{std::move(f)});
}

/// The variance of f over the window's records, as double: the mean squared distance from the mean
/// (0 for a single record). Computed without cancellation (Welford 1962; Chan, Golub, LeVeque
/// 1982). One NaN or infinity makes the result NaN.
template <class F>
auto variance(F f) {
  return internal::ready(internal::VariancePart<F, internal::VarianceOf::all>{std::move(f)});
}

/// The variance estimated from a sample: like `variance`, but the sum of squares is divided by the
/// number of records less one. NaN for a single record.
template <class F>
auto sample_variance(F f) {
  return internal::ready(internal::VariancePart<F, internal::VarianceOf::sample>{std::move(f)});
}

/// The k records with the greatest values of f, as std::vector<Record>, the greatest first (fewer
/// when the window has fewer). Among equal values earlier records come first, and are kept in
/// preference to later ones. NaN comes after every number. A record costs O(log k) comparisons, and
/// up to k moves when it is among the greatest so far. Records must own their bytes. Throws
/// ConfigError for k = 0.
template <class F>
auto top_k(std::size_t k, F f) {
  return internal::ready(internal::TopPart<F>{internal::checked_k(k, "top_k"), std::move(f)});
}

/// The k values of f that most records have, as std::vector<Frequency<Value>>, the most frequent
/// first; equally frequent values are ordered from small to great. Exact: keeps every distinct
/// value of the window with its count. All NaN count as one value. Throws ConfigError for k = 0.
template <class F>
auto most_frequent(std::size_t k, F f) {
  return internal::ready(
      internal::FrequentPart<F>{internal::checked_k(k, "most_frequent"), std::move(f)});
}

/// The number of distinct values of f, as std::uint64_t. Exact: keeps every distinct value of the
/// window (there is no estimate in fixed memory, for want of a maintained library with one). All
/// NaN count as one value.
template <class F>
auto distinct(F f) {
  return internal::ready(internal::DistinctPart<F>{std::move(f)});
}

/// Several aggregations at once. The value is a T whose fields are the values of the aggregations,
/// in order:
///
///     struct Stats { std::uint64_t trades; double mean; double highest; };
///     combined<Stats>(count(), mean(&Trade::price), max(&Trade::price))
///
/// An aggregation of your own can be among them when it has `value(const Accumulator&) const`.
template <class T, class... Aggregations>
auto combined(Aggregations... aggregations) {
  return internal::ready(internal::CombinedPart<T, Aggregations...>{
      std::tuple<Aggregations...>(std::move(aggregations)...)});
}

}  // namespace wallaroo
