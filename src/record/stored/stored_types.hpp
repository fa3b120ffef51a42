// Classifies types by how they are stored, and names their parts.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#include <wallaroo/types/stored.hpp>

#include "record/reflect.hpp"
#include "record/views.hpp"

namespace wallaroo::internal {

template <class T>
concept HasStored = requires {
  sizeof(Stored<T>);
};
template <class T>
concept HasMigration = requires {
  sizeof(Migration<T>);
};
/// True when Stored<T> has the members that it needs.
template <class T>
concept Converted = requires(const T& value) {
  typename Stored<T>::Type;
  { Stored<T>::save(value) } -> std::convertible_to<const typename Stored<T>::Type&>;
  { Stored<T>::load(std::declval<typename Stored<T>::Type>()) } -> std::convertible_to<T>;
};

/// How a type is stored.
enum class StoredForm {
  none,
  converted,  ///< as Stored<T>::Type
  scalar,
  string,
  optional,
  variant,
  tuple,
  array,
  duration,
  time_point,
  record,
  map,
  set,
  sequence,
  view,  ///< bytes of others; only on their way to another process, never in a checkpoint
};

template <class T>
inline constexpr StoredForm special_form = StoredForm::none;
template <class A>
inline constexpr StoredForm special_form<std::basic_string<char, std::char_traits<char>, A>> =
    StoredForm::string;
template <class T>
inline constexpr StoredForm special_form<std::optional<T>> = StoredForm::optional;
template <class... Ts>
inline constexpr StoredForm special_form<std::variant<Ts...>> = StoredForm::variant;
template <class A, class B>
inline constexpr StoredForm special_form<std::pair<A, B>> = StoredForm::tuple;
template <class... Ts>
inline constexpr StoredForm special_form<std::tuple<Ts...>> = StoredForm::tuple;
template <class T, std::size_t N>
inline constexpr StoredForm special_form<std::array<T, N>> =
    N == 0 ? StoredForm::none : StoredForm::array;
template <>
inline constexpr StoredForm special_form<std::string_view> = StoredForm::view;
template <class E>
inline constexpr StoredForm special_form<std::span<const E>> =
    sizeof(E) == 1 && (std::is_integral_v<E> || std::is_same_v<E, std::byte>) ? StoredForm::view
                                                                              : StoredForm::none;
template <class Rep, class Period>
inline constexpr StoredForm special_form<std::chrono::duration<Rep, Period>> = StoredForm::duration;
template <class Clock, class Duration>
inline constexpr StoredForm special_form<std::chrono::time_point<Clock, Duration>> =
    StoredForm::time_point;

template <class T>
concept StoredNumber = (std::is_arithmetic_v<T> || std::is_enum_v<T>)&&sizeof(T) <= 8;

template <class T>
concept StorableContainer = std::is_default_constructible_v<T> && requires(const T& c, T& changed) {
  typename T::value_type;
  c.begin() == c.end();
  { c.size() } -> std::convertible_to<std::size_t>;
  { c.max_size() } -> std::convertible_to<std::size_t>;
  changed.clear();
};
template <class T>
concept SetLike = StorableContainer<T> && requires(T& c, typename T::value_type value) {
  typename T::key_type;
  c.emplace_hint(c.end(), std::move(value));
};
template <class T>
concept MapLike = StorableContainer<T> &&
    requires(T& c, typename T::key_type key, typename T::mapped_type value) {
  c.emplace_hint(c.end(), std::move(key), std::move(value));
};
template <class T>
concept SequenceLike = StorableContainer<T> && requires(T& c, typename T::value_type value) {
  c.push_back(std::move(value));
};

template <class T>
constexpr StoredForm form_by_members() {
  if constexpr (is_standard_array<T>) {
    return StoredForm::none;  // an array without elements: every stored value has at least one byte
  } else if constexpr (Aggregate<T>) {
    return StoredForm::record;
  } else if constexpr (MapLike<T>) {
    return StoredForm::map;
  } else if constexpr (SetLike<T>) {
    return StoredForm::set;
  } else if constexpr (SequenceLike<T>) {
    return StoredForm::sequence;
  } else {
    return StoredForm::none;
  }
}

template <class T>
constexpr StoredForm stored_form() {
  if constexpr (HasStored<T>) {
    return Converted<T> ? StoredForm::converted : StoredForm::none;
  } else if constexpr (StoredNumber<T>) {
    return StoredForm::scalar;
  } else if constexpr (special_form<T> != StoredForm::none) {
    return special_form<T>;
  } else if constexpr (!std::is_class_v<T>) {
    return StoredForm::none;
  } else {
    return form_by_members<T>();
  }
}

template <class... Ts>
struct StoredParts {
  static constexpr std::size_t size = sizeof...(Ts);
  template <std::size_t I>
  using At = typename std::tuple_element_t<I, std::tuple<std::type_identity<Ts>...>>::type;
};

template <class T>
struct TemplateParts;
template <template <class...> class Whole, class... Ts>
struct TemplateParts<Whole<Ts...>> {
  using type = StoredParts<std::remove_cv_t<Ts>...>;
};

template <class T, std::size_t... I>
constexpr auto parts_of_fields(std::index_sequence<I...>) {
  return StoredParts<std::remove_cv_t<boost::pfr::tuple_element_t<I, T>>...>{};
}
template <class T>
constexpr auto parts_of_record() {
  if constexpr (std::is_empty_v<T>) {
    return StoredParts<>{};
  } else {
    return parts_of_fields<T>(std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
  }
}

/// The types of which values of T consist, in the order in which they are stored.
template <class T>
constexpr auto stored_parts() {
  constexpr StoredForm form = stored_form<T>();
  if constexpr (form == StoredForm::converted) {
    return StoredParts<std::remove_cvref_t<typename Stored<T>::Type>>{};
  } else if constexpr (form == StoredForm::variant || form == StoredForm::tuple ||
                       form == StoredForm::optional) {
    return typename TemplateParts<T>::type{};
  } else if constexpr (form == StoredForm::record) {
    return parts_of_record<T>();
  } else if constexpr (form == StoredForm::map) {
    return StoredParts<typename T::key_type, typename T::mapped_type>{};
  } else if constexpr (form == StoredForm::array || form == StoredForm::set ||
                       form == StoredForm::sequence) {
    return StoredParts<typename T::value_type>{};
  } else if constexpr (form == StoredForm::duration || form == StoredForm::time_point) {
    return StoredParts<typename T::rep>{};
  } else {
    return StoredParts<>{};
  }
}

template <class T>
using PartsOf = decltype(stored_parts<T>());
template <class T, std::size_t I = 0>
using PartOf = typename PartsOf<T>::template At<I>;

/// The version of T's stored form: 1 without a Migration.
template <class T>
constexpr std::uint32_t version_of() {
  if constexpr (HasMigration<T>) {
    return Migration<T>::version;
  } else if constexpr (stored_form<T>() == StoredForm::converted) {
    return version_of<PartOf<T>>();
  } else {
    return 1;
  }
}

/// The least number of stored bytes of a T, at least 1; equal to Schema::least_bytes().
template <class T>
constexpr std::uint64_t least_stored_bytes() {
  constexpr StoredForm form = stored_form<T>();
  if constexpr (form == StoredForm::scalar) {
    return sizeof(T);
  } else if constexpr (form == StoredForm::variant) {
    return 2;
  } else if constexpr (form == StoredForm::array) {
    return std::tuple_size_v<T> * least_stored_bytes<PartOf<T>>();
  } else if constexpr (form == StoredForm::converted || form == StoredForm::duration ||
                       form == StoredForm::time_point) {
    return least_stored_bytes<PartOf<T>>();
  } else if constexpr (form == StoredForm::record || form == StoredForm::tuple) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return std::max<std::uint64_t>(1,
                                     (std::uint64_t{0} + ... + least_stored_bytes<PartOf<T, I>>()));
    }
    (std::make_index_sequence<PartsOf<T>::size>{});
  } else {
    return 1;
  }
}

/// True when the stored bytes of a T are its bytes in memory, and any bytes of that size are a T.
template <class T>
constexpr bool is_stored_as_it_is() {
  constexpr StoredForm form = stored_form<T>();
  if constexpr (!std::is_trivially_copyable_v<T>) {
    return false;
  } else if constexpr (form == StoredForm::scalar) {
    if constexpr (std::is_enum_v<T>) {
      return !std::is_same_v<std::underlying_type_t<T>, bool>;
    }
    return !std::is_same_v<T, bool>;
  } else if constexpr (form == StoredForm::record || form == StoredForm::array ||
                       form == StoredForm::duration || form == StoredForm::time_point) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return PartsOf<T>::size > 0 && sizeof(T) == least_stored_bytes<T>() &&
             (is_stored_as_it_is<PartOf<T, I>>() && ...);
    }
    (std::make_index_sequence<PartsOf<T>::size>{});
  } else {
    return false;
  }
}

}  // namespace wallaroo::internal
