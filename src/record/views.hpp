// Finds out which types look at bytes that they do not own.
#pragma once

#include <array>
#include <chrono>
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

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#include "record/reflect.hpp"

namespace wallaroo {

/// Says whether values of T hold views. It is true for `std::string_view`, `std::span`, pointers
/// and references, for containers of them, and for aggregates with such a field. Records may hold
/// views; state and keys must own their bytes.
///
/// Customisation point: specialise it, with `static constexpr bool value`, for a class of your own
/// that holds views (true) or owns all its bytes (false) when these rules cannot tell.
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

namespace internal {

/// True when values of T may look at bytes that they do not own: when HoldsViews is true, and for
/// classes into which it cannot see. For such records the engine keeps memory alive, which is
/// needless but harmless when they hold no views.
template <class T>
struct MayHoldViews;

template <class T>
constexpr bool may_hold_views_by_default() {
  if constexpr (HoldsViews<T>::value) {
    return true;
  } else if constexpr (!std::is_class_v<T> || std::is_empty_v<T>) {
    return false;
  } else if constexpr (Aggregate<T>) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return (MayHoldViews<std::remove_cv_t<boost::pfr::tuple_element_t<I, T>>>::value || ...);
    }
    (std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
  } else if constexpr (Container<T>) {
    return MayHoldViews<std::remove_cv_t<typename T::value_type>>::value;
  } else {
    return true;
  }
}

template <class T>
struct MayHoldViews {
  static constexpr bool value = may_hold_views_by_default<T>();
};
template <class C, class Traits, class A>
struct MayHoldViews<std::basic_string<C, Traits, A>> : std::false_type {};
template <class Rep, class Period>
struct MayHoldViews<std::chrono::duration<Rep, Period>> : std::false_type {};
template <class Clock, class Duration>
struct MayHoldViews<std::chrono::time_point<Clock, Duration>> : std::false_type {};
template <class T>
struct MayHoldViews<std::optional<T>> : MayHoldViews<T> {};
template <class T, std::size_t N>
struct MayHoldViews<std::array<T, N>> : MayHoldViews<T> {};
template <class A, class B>
struct MayHoldViews<std::pair<A, B>> {
  static constexpr bool value = MayHoldViews<A>::value || MayHoldViews<B>::value;
};
template <class... Ts>
struct MayHoldViews<std::tuple<Ts...>> {
  static constexpr bool value = (MayHoldViews<Ts>::value || ...);
};
template <class... Ts>
struct MayHoldViews<std::variant<Ts...>> {
  static constexpr bool value = (MayHoldViews<Ts>::value || ...);
};

template <class T>
inline constexpr bool may_hold_views = MayHoldViews<std::remove_cvref_t<T>>::value;

/// True for records of views and numbers only, whose bytes are all elsewhere.
template <class T>
inline constexpr bool only_views = holds_views<T>&& std::is_trivially_copyable_v<T>;

}  // namespace internal

}  // namespace wallaroo
