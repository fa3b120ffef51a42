// What windows need of a record, in place of the record.
#pragma once

#include <string>
#include <utility>

#include "record/describe.hpp"
#include "record/record_batch.hpp"
#include "window/aggregations/picked.hpp"

namespace wallaroo::internal {

/// The key and the picked numbers of a record of type T, which travels to keyed windows instead of
/// it. The record itself travels along when it is probably late, because the log shows late
/// records; docs/decisions/019 says more.
template <class Key, class Values, class T>
struct Excerpt {
  using Whole = T;

  Key key;
  [[no_unique_address]] Values values = {};
};

template <class T>
inline constexpr bool is_excerpt = false;
template <class Key, class Values, class T>
inline constexpr bool is_excerpt<Excerpt<Key, Values, T>> = true;

/// Found by describe(): a record of which only the excerpt is here.
template <class Key, class Values, class T>
void append_description_of(std::string& out, const Excerpt<Key, Values, T>& excerpt) {
  out += "one with key ";
  append_description(out, excerpt.key);
}

/// The aggregation A, which takes excerpts of the records that A takes.
template <class A>
struct OfExcerpts : A {
  explicit OfExcerpts(A aggregation) : A(std::move(aggregation)) {}

  template <class Key, class Values, class T, class Accumulator>
  void update(const Excerpt<Key, Values, T>& excerpt, Accumulator& accumulator) const {
    this->take(excerpt.values, accumulator);
  }
};

/// The slot on an edge with event time whose consumer computes the key of a record of type T again.
template <class Key, class T>
using TimedSlotWithoutKey = Timed<SlotWithoutKey<Key, T>>;

/// True when excerpts of records of type In, with keys of this type, take fewer bytes than `Slot`
/// and hold no views, whose bytes might be in the record that they leave behind.
template <class A, class In, class Key, class Slot>
constexpr bool excerpts_pay() {
  if constexpr (aggregates_picked<A, In>() && std::is_trivially_copyable_v<Key> &&
                !may_hold_views<Key>) {
    using Short = Excerpt<Key, PickedBy<A, In>, In>;
    return sizeof(TimedSlotWithoutKey<Key, Short>) < sizeof(Slot);
  }
  return false;
}

}  // namespace wallaroo::internal
