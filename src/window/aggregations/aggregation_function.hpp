// The types that the function given to a ready aggregation takes and returns.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace wallaroo::internal {

template <class R, class T>
struct RecordFunctionShape {
  static constexpr bool known = true;
  using Result = std::remove_cvref_t<R>;
  using Record = std::remove_cvref_t<T>;
};

template <class Function>
struct StandardFunctionShape {
  static constexpr bool known = false;
};
template <class R, class T>
struct StandardFunctionShape<std::function<R(T)>> : RecordFunctionShape<R, T> {};

template <class F>
struct RecordFunction {
  static constexpr bool known = false;
};
template <class R, class T>
requires(!std::is_function_v<R>) struct RecordFunction<R T::*> : RecordFunctionShape<R, T> {
};
template <class R, class T>
struct RecordFunction<R (T::*)() const> : RecordFunctionShape<R, T> {};
template <class R, class T>
struct RecordFunction<R (T::*)() const noexcept> : RecordFunctionShape<R, T> {};
// Follows the rules by which the standard library deduces a std::function from functions and
// lambdas.
template <class F>
requires(!std::is_member_pointer_v<F> &&
         requires(const F& f) { std::function(f); }) struct RecordFunction<F>
    : StandardFunctionShape<decltype(std::function(std::declval<const F&>()))> {
};

template <class F>
constexpr bool check_record_function() {
  static_assert(RecordFunction<F>::known,
                "wallaroo: the function given to an aggregation must be a pointer to a member of "
                "the record, or a function of the record with an explicit parameter type, as in "
                "sum([](const Order& order) { return order.price; })");
  return RecordFunction<F>::known;
}

template <class F>
struct CheckedRecordFunction : RecordFunction<F> {
  static_assert(check_record_function<F>());
};

/// A view becomes the string that owns its bytes; anything else stays.
template <class T>
using OwnedValue = std::conditional_t<std::is_same_v<T, std::string_view>, std::string, T>;

/// The result of F for a record, as a type that owns its bytes.
template <class F>
using ValueOf = OwnedValue<typename CheckedRecordFunction<F>::Result>;

/// The record that F takes.
template <class F>
using RecordOf = typename CheckedRecordFunction<F>::Record;

}  // namespace wallaroo::internal
