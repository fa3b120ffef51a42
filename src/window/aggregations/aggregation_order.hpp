// The order in which aggregations compare values.
#pragma once

#include <concepts>
#include <type_traits>

#include "record/key_form.hpp"

namespace wallaroo::internal {

template <class T>
concept Ordered = requires(const T& a, const T& b) {
  { a < b } -> std::convertible_to<bool>;
};

/// Not equal to itself: a NaN, or what contains one.
template <class T>
constexpr bool is_nan([[maybe_unused]] const T& value) {
  if constexpr (std::is_floating_point_v<T>) {
    return value != value;
  } else if constexpr (!always_equals_itself<T>() && HasEquality<T>) {
    return !static_cast<bool>(value == value);
  } else {
    return false;
  }
}

/// Ascending, NaN after every number: a strict weak order, which `<` is not for floating point.
struct AscendingOrder {
  template <class T, class U>
  constexpr bool operator()(const T& a, const U& b) const {
    return !is_nan(a) && (is_nan(b) || a < b);
  }
};

/// Descending, NaN after every number.
struct DescendingOrder {
  template <class T, class U>
  constexpr bool operator()(const T& a, const U& b) const {
    return !is_nan(a) && (is_nan(b) || b < a);
  }
};

}  // namespace wallaroo::internal
