// The order in which aggregations compare values.
#pragma once

#include <concepts>
#include <type_traits>

namespace wallaroo::internal {

template <class T>
concept Ordered = requires(const T& a, const T& b) {
  { a < b } -> std::convertible_to<bool>;
};

template <class T>
constexpr bool is_nan([[maybe_unused]] const T& value) {
  if constexpr (std::is_floating_point_v<T>) {
    return value != value;
  } else {
    return false;
  }
}

/// Ascending, NaN after every number: a strict weak order, which `<` is not for floating point.
struct AscendingOrder {
  template <class T, class U>
  constexpr bool operator()(const T& a, const U& b) const {
    return a < b || (is_nan(b) && !is_nan(a));
  }
};

/// Descending, NaN after every number.
struct DescendingOrder {
  template <class T, class U>
  constexpr bool operator()(const T& a, const U& b) const {
    return b < a || (is_nan(b) && !is_nan(a));
  }
};

}  // namespace wallaroo::internal
