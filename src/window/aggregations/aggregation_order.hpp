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

/// Whether a value is not equal to itself: a NaN, or something that contains one.
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

/// Ascending, with NaN after every number: a strict weak order, unlike `<` for floating point.
struct AscendingOrder {
  template <class T, class U>
  constexpr bool operator()(const T& a, const U& b) const {
    return !is_nan(a) && (is_nan(b) || a < b);
  }
};

/// Descending, with NaN after every number.
struct DescendingOrder {
  template <class T, class U>
  constexpr bool operator()(const T& a, const U& b) const {
    return !is_nan(a) && (is_nan(b) || b < a);
  }
};

}  // namespace wallaroo::internal
