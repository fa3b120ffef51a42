// The contract of an aggregation, which turns the records of a window into its result.
#pragma once

#include <wallaroo/types/window.hpp>

#include "window/aggregations/aggregation_traits.hpp"

namespace wallaroo {

/// An aggregation is an object of a class like this one, given to `.over(...)` of a window (see
/// <wallaroo/windows.hpp>; ready ones are in <wallaroo/aggregates.hpp>):
///
///     struct Spread {
///       struct Range { double low = 1e300, high = -1e300; };
///
///       Range initial_accumulator() const { return {}; }
///       void update(const Trade& trade, Range& range) const {
///         range.low = std::min(range.low, trade.price);
///         range.high = std::max(range.high, trade.price);
///       }
///       Range combine(const Range& a, const Range& b) const {
///         return {std::min(a.low, b.low), std::max(a.high, b.high)};
///       }
///       SymbolSpread output(const std::string& symbol, const Range& range) const {
///         return {symbol, range.high - range.low};
///       }
///     };
///
/// * All members are const: every thread has a copy of the object, which all its keys share. Only
///   the accumulator changes; it is of a copyable and assignable type that owns its bytes.
/// * `initial_accumulator()` returns the accumulator of an empty window. Its return type is the
///   accumulator's type.
/// * `update(record, accumulator&)` adds one record, in the order in which they arrive.
/// * `combine(a, b)` returns the accumulator of a's records followed by b's. It must be
///   associative, and the initial accumulator must be its identity on both sides: windows are put
///   together from pieces, and the engine chooses where they are cut. The records in `a` are of an
///   earlier piece of time than those in `b`, so it need not be commutative.
/// * `output(key, accumulator)` or `output(key, accumulator, const Window&)` makes the result: a
///   record, or a std::optional of one, which emits nothing when it is empty. It is called several
///   times with the same accumulator when there are early results. On a stream without keys it is
///   `output(accumulator)` or `output(accumulator, const Window&)`. An aggregation may have all of
///   them; the one with the window is preferred.
/// * `static constexpr bool pre_aggregate = true;` may be left out. It is for range windows of a
///   stream without keys, which are on one executor: each executor then aggregates the records of a
///   batch before they go there, and `combine` puts batches together. The records in `a` have
///   arrived before those in `b`, but may have later times. Combining should cost little, however
///   many records are in `a`; if combine takes `a` by value, the accumulator is moved there. An
///   aggregation that keeps every record gains nothing by it, and sums of floating point would be
///   rounded differently in each run.
///
/// update, combine and output may be templates or overloaded. An exception from one of them is
/// handled by the error policy of the window's stage.

/// The result of a ready aggregation for one window of a key.
template <class Key, class Value>
struct WindowResult {
  Key key;        ///< the key whose records were aggregated
  Value value;    ///< of the type that the aggregation documents
  Window window;  ///< which window, and why it fired
};

/// The result of a ready aggregation for one window of a stream without keys.
template <class Value>
struct WindowValue {
  Value value;    ///< of the type that the aggregation documents
  Window window;  ///< which window, and why it fired
};

}  // namespace wallaroo
