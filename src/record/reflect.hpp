// Finds out which types have fields that can be visited one by one.
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

namespace wallaroo::internal {

// Boost.PFR refuses classes with bases or C arrays with an error in its own headers. They are
// recognised here first, and count as having no visible fields. (The language has no means to
// recognise bit-fields and unnamed unions.)

// These convert to a field of any type, as in Boost.PFR.
struct AnyField {
  template <class U>
  operator U&() const&& noexcept;
  template <class U>
  operator U&() const& noexcept;
};
struct AnyMovedField {
  template <class U>
  operator U() const&& noexcept;
};
template <class T>
struct AnyBase {
  template <class U>
  requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>) operator U&() const noexcept;
};
template <class T>
struct AnyMovedBase {
  template <class U>
  requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>) operator U() const noexcept;
};

template <class T>
constexpr bool starts_with_base() {
  if constexpr (std::is_copy_constructible_v<T>) {
    return requires { T{AnyBase<T>{}}; };
  } else {
    return requires { T{AnyMovedBase<T>{}}; };
  }
}

template <std::size_t, class Field>
using FieldAt = Field;

// True when the field after `Before` is not a C array. One pair of braces fills a whole C array, of
// which Boost.PFR counts every element as a field; so too many initialisers follow the braces.
template <class T, class Field, std::size_t... Before, std::size_t... After>
constexpr bool one_field(std::index_sequence<Before...>, std::index_sequence<After...>) {
  return requires { T{FieldAt<Before, Field>{}..., {}, FieldAt<After, Field>{}...}; };
}

template <class T>
constexpr bool has_visible_fields() {
  using Field = std::conditional_t<std::is_copy_constructible_v<T>, AnyField, AnyMovedField>;
  if constexpr (std::is_empty_v<T>) {
    return true;
  } else if constexpr (starts_with_base<T>()) {
    return false;
  } else {
    constexpr std::size_t fields = boost::pfr::tuple_size_v<T>;
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return (one_field<T, Field>(std::make_index_sequence<I>(),
                                  std::make_index_sequence<fields - 1 - I>()) &&
              ...);
    }
    (std::make_index_sequence<fields>());
  }
}

template <class T>
inline constexpr bool is_standard_array = false;
template <class T, std::size_t N>
inline constexpr bool is_standard_array<std::array<T, N>> = true;

template <class T>
constexpr bool is_reflected() {
  if constexpr (!std::is_class_v<T> || !std::is_aggregate_v<T>) {
    return false;
  } else if constexpr (is_standard_array<T>) {
    return true;
  } else {
    return has_visible_fields<T>();
  }
}

/// A class without constructors, bases or C arrays, whose fields can be visited.
template <class T>
concept Aggregate = is_reflected<T>();

}  // namespace wallaroo::internal
