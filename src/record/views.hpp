// Which types look at bytes that they do not own.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/pfr.hpp>

#include "record/reflect.hpp"

namespace wallaroo {

/// Customisation point: specialise with `static constexpr bool value` for a class of your own that
/// holds views (true) or owns all it shows (false) when the rules below cannot tell.
///
/// True for `std::string_view`, `std::span`, pointers and references, for containers of them, and
/// for aggregates with such a field. Records may hold views; state and keys must own their bytes.
template <class T>
struct HoldsViews;

namespace internal {

template <class T>
concept Container = requires {
  typename T::value_type;
  typename T::const_iterator;
}
&&!std::same_as<typename T::value_type, T>;

template <class T>
constexpr bool any_field_holds_views() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return (HoldsViews<std::remove_cv_t<boost::pfr::tuple_element_t<I, T>>>::value || ...);
  }
  (std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
}

template <class T>
constexpr bool holds_views_by_default() {
  if constexpr (std::is_pointer_v<T> || std::is_reference_v<T>) {
    return true;
  } else if constexpr (!std::same_as<T, std::remove_cv_t<T>>) {
    return HoldsViews<std::remove_cv_t<T>>::value;
  } else if constexpr (std::is_array_v<T>) {
    return HoldsViews<std::remove_cv_t<std::remove_all_extents_t<T>>>::value;
  } else if constexpr (Aggregate<T>) {
    return any_field_holds_views<T>();
  } else if constexpr (Container<T>) {
    return HoldsViews<typename T::value_type>::value;
  } else {
    return false;
  }
}

}  // namespace internal

template <class T>
struct HoldsViews {
  static constexpr bool value = internal::holds_views_by_default<T>();
};
template <class C, class Traits>
struct HoldsViews<std::basic_string_view<C, Traits>> {
  static constexpr bool value = true;
};
template <class T, std::size_t N>
struct HoldsViews<std::span<T, N>> {
  static constexpr bool value = true;
};
template <class T>
struct HoldsViews<std::reference_wrapper<T>> {
  static constexpr bool value = true;
};
template <class T, class D>
struct HoldsViews<std::unique_ptr<T, D>> : HoldsViews<T> {};
template <class T>
struct HoldsViews<std::shared_ptr<T>> : HoldsViews<T> {};
template <class T>
struct HoldsViews<std::optional<T>> : HoldsViews<T> {};
template <class T, std::size_t N>
struct HoldsViews<std::array<T, N>> : HoldsViews<T> {};
template <class A, class B>
struct HoldsViews<std::pair<A, B>> {
  static constexpr bool value = HoldsViews<A>::value || HoldsViews<B>::value;
};
template <class... Ts>
struct HoldsViews<std::tuple<Ts...>> {
  static constexpr bool value = (HoldsViews<Ts>::value || ...);
};
template <class... Ts>
struct HoldsViews<std::variant<Ts...>> {
  static constexpr bool value = (HoldsViews<Ts>::value || ...);
};

template <class T>
inline constexpr bool holds_views = HoldsViews<std::remove_cvref_t<T>>::value;

}  // namespace wallaroo
