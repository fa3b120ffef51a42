// A user's aggregation, checked and classified, with messages in the user's words.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include <wallaroo/types/window.hpp>

#include "record/key.hpp"
#include "record/views.hpp"
#include "window/aggregations/aggregation_members.hpp"
#include "window/aggregations/aggregation_output.hpp"

namespace wallaroo::internal {

template <class A>
concept HasInitialAccumulator = requires(A& aggregation) {
  aggregation.initial_accumulator();
};

// A is const-qualified where the member must be callable on a const object; Acc is a reference.
template <class A, class In, class Acc>
concept HasUpdate = requires(A& aggregation, const In& record, Acc&& accumulator) {
  aggregation.update(record, std::forward<Acc>(accumulator));
};

template <class A, class Acc>
concept HasCombine = requires(A& aggregation, const Acc& accumulator) {
  aggregation.combine(accumulator, accumulator);
};

// Stands for the type of an accumulator or a result that does not exist, so that the compiler adds
// no messages to our own.
struct Missing {};

template <class A>
struct AccumulatorFrom {
  using type = Missing;
};
template <HasInitialAccumulator A>
struct AccumulatorFrom<A> {
  using type = std::remove_cvref_t<decltype(std::declval<A&>().initial_accumulator())>;
};

template <class T>
inline constexpr bool is_there = !std::is_void_v<T> && !std::is_same_v<T, Missing>;

/// Checks that A can aggregate records of type In in windows with keys of type Key (the type that
/// owns its bytes, or NoKey), and defines its types.
template <class A, class In, class Key>
struct AggregationTraits {
  static_assert(std::is_class_v<A>,
                "wallaroo: a window's over(...) takes an aggregation: an object with the members "
                "initial_accumulator, update, combine and output");

  static constexpr bool check_members() {
    static_assert(std::is_copy_constructible_v<A>,
                  "wallaroo: an aggregation must be copyable: every thread has its own copy");
    static_assert(has_name<A, NamedInitialAccumulator>(),
                  "wallaroo: an aggregation needs initial_accumulator() const, which returns the "
                  "accumulator of no record");
    static_assert(has_name<A, NamedUpdate>(),
                  "wallaroo: an aggregation needs update(const Record&, Accumulator&) const, which "
                  "adds a record to an accumulator");
    static_assert(has_name<A, NamedCombine>(),
                  "wallaroo: an aggregation needs combine(const Accumulator&, const Accumulator&) "
                  "const, which returns the accumulator of the records of both");
    static_assert(has_name<A, NamedOutput>(),
                  "wallaroo: an aggregation needs output(const Key&, const Accumulator&) const, or "
                  "output(const Accumulator&) const on a stream without keys, which returns the "
                  "result of a window");
    return true;
  }
  static_assert(check_members());

  static constexpr bool check_initial() {
    static_assert(HasInitialAccumulator<const A> || !HasInitialAccumulator<A>,
                  "wallaroo: initial_accumulator() of an aggregation must be const: all keys share "
                  "the object, what changes is the accumulator");
    static_assert(HasInitialAccumulator<A>,
                  "wallaroo: initial_accumulator() of an aggregation takes no argument");
    return true;
  }
  static_assert(check_initial());

  using Accumulator = typename AccumulatorFrom<const A>::type;
  using Record = In;

  static constexpr bool check_accumulator() {
    static_assert(!std::is_void_v<Accumulator>,
                  "wallaroo: initial_accumulator() of an aggregation must return the accumulator "
                  "of no record");
    if constexpr (is_there<Accumulator>) {
      static_assert(
          std::is_copy_constructible_v<Accumulator> && std::is_move_assignable_v<Accumulator>,
          "wallaroo: the accumulator of an aggregation must be copyable and assignable");
      static_assert(!holds_views<Accumulator>,
                    "wallaroo: an accumulator must own its bytes: this one holds a view "
                    "(std::string_view, std::span or a pointer) whose bytes are gone when the "
                    "window fires; keep a std::string or a std::vector instead");
    }
    return true;
  }
  static_assert(check_accumulator());

  static constexpr bool check_update() {
    if constexpr (!is_there<Accumulator>) {
      return true;
    } else if constexpr (!HasUpdate<const A, In, Accumulator&>) {
      static_assert(!HasUpdate<A, In, Accumulator&>,
                    "wallaroo: update of an aggregation must be const: all keys share the object, "
                    "what changes is the accumulator");
      static_assert(HasUpdate<A, In, Accumulator&>,
                    "wallaroo: update of an aggregation must take the record of the stage before "
                    "the window by const reference, and what initial_accumulator() returns by "
                    "reference, as in update(const Record&, Accumulator&) const; of a ready "
                    "aggregation, the function given to it must take the record");
    } else {
      static_assert(!HasUpdate<const A, In, Accumulator>,
                    "wallaroo: update of an aggregation must take the accumulator by non-const "
                    "reference, as in update(const Record&, Accumulator&) const; what is done to a "
                    "copy is lost");
    }
    return true;
  }
  static_assert(check_update());

  static constexpr bool check_combine() {
    static_assert(
        !is_there<Accumulator> || HasCombine<const A, Accumulator> || !HasCombine<A, Accumulator>,
        "wallaroo: combine of an aggregation must be const: all keys share the object");
    static_assert(!is_there<Accumulator> || HasCombine<A, Accumulator>,
                  "wallaroo: combine of an aggregation must take two accumulators by const "
                  "reference or by value, of the type that initial_accumulator() returns");
    if constexpr (HasCombine<const A, Accumulator>) {
      using Result = decltype(std::declval<const A&>().combine(std::declval<const Accumulator&>(),
                                                               std::declval<const Accumulator&>()));
      static_assert(std::is_same_v<std::remove_cvref_t<Result>, Accumulator>,
                    "wallaroo: combine of an aggregation must return the type that "
                    "initial_accumulator() returns");
    }
    return true;
  }
  static_assert(check_combine());

  static constexpr bool keyed = !std::is_same_v<Key, NoKey>;

  static constexpr bool has_output =
      is_there<Accumulator> && output_form<const A, Accumulator, Key>() != OutputForm::none;

  static constexpr bool check_output_call() {
    constexpr bool unless_const =
        !is_there<Accumulator> || output_form<A, Accumulator, Key>() != OutputForm::none;
    static_assert(has_output || !unless_const || !is_there<Accumulator>,
                  "wallaroo: output of an aggregation must be const: all keys share the object");
    static_assert(unless_const || keyed,
                  "wallaroo: this stream has no keys, so output of its aggregation takes none: "
                  "output(const Accumulator&) const or output(const Accumulator&, const "
                  "wallaroo::Window&) const");
    static_assert(unless_const || !keyed,
                  "wallaroo: output of an aggregation must take the key that key_by gave the "
                  "stream and what initial_accumulator() returns: output(const Key&, const "
                  "Accumulator&) const or output(const Key&, const Accumulator&, const "
                  "wallaroo::Window&) const");
    return true;
  }
  static_assert(check_output_call());

  static constexpr auto returned_tag() {
    if constexpr (has_output) {
      return std::type_identity<OutputResult<A, Accumulator, Key>>{};
    } else {
      return std::type_identity<Missing>{};
    }
  }
  using Returned = typename decltype(returned_tag())::type;

  static constexpr bool check_result() {
    static_assert(!std::is_void_v<Returned>,
                  "wallaroo: output of an aggregation must return the result of the window, T or "
                  "std::optional<T>");
    static_assert(!is_vector_output<Returned>,
                  "wallaroo: output of an aggregation returns one result, T or std::optional<T>; "
                  "for several, return a struct that holds the vector, and let the next stage "
                  "take it apart");
    if constexpr (is_there<Returned>) {
      static_assert(!holds_views<Returned>,
                    "wallaroo: the result of an aggregation must own its bytes: this one holds a "
                    "view (std::string_view, std::span or a pointer), and the accumulator it looks "
                    "at is gone when the result travels on");
    }
    return true;
  }
  static_assert(check_result());

  /// The record type of the stream of results.
  using Output = typename AsOptional<
      std::conditional_t<is_there<Returned>, Returned, Missing>>::type::value_type;
};

}  // namespace wallaroo::internal
