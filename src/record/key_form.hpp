// Decides which types can be keys, and how their values are hashed and compared.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>
#include <wallaroo/types/key.hpp>

#include "record/reflect.hpp"

namespace wallaroo::internal {

/// How keys of a type are hashed and compared. Equal keys must have equal hashes, or one key would
/// have several states; therefore the user's == is only used together with the user's hash.
enum class KeyForm {
  bytes,         ///< as the bytes of a string
  number,        ///< integers and enums
  hashed,        ///< by std::hash and ==
  fields,        ///< field by field
  elements,      ///< std::pair, std::tuple and std::array, element by element
  none,          ///< not a key: has no std::hash, and no fields that can be visited
  own_equality,  ///< not a key: has a == that may ignore fields, and no std::hash
  no_equality,   ///< not a key: has a std::hash, but neither == nor fields that can be visited
};

template <class T>
concept HasEquality = requires(const T& a) {
  { a == a } -> std::convertible_to<bool>;
};
/// True when == can be called as a function, which excludes the built-in == of enums.
template <class T>
concept HasEqualityFunction = requires(const T& a) {
  operator==(a, a);
};
template <class T>
concept HasMutableEquality = requires(T& a) {
  a == a;
};

template <class T>
constexpr bool has_own_equality() {
  if constexpr (std::is_enum_v<T>) {
    return HasEqualityFunction<T>;
  } else {
    return std::is_class_v<T> && (HasEquality<T> || HasMutableEquality<T>);
  }
}
/// True when somebody wrote a == for the class or enum, for a base of it, or for a type to which it
/// converts.
template <class T>
concept HasOwnEquality = has_own_equality<T>();

template <class T>
concept StdHashable = requires(const T& key) {
  { std::hash<T>{}(key) } -> std::convertible_to<std::size_t>;
};

template <class T>
inline constexpr bool is_standard_string = false;
template <class A>
inline constexpr bool is_standard_string<std::basic_string<char, std::char_traits<char>, A>> = true;
template <>
inline constexpr bool is_standard_string<std::string_view> = true;

/// Types that are compared by their bytes: strings, and types that convert to std::string_view and
/// have no == of their own.
template <class T>
concept StringLike = std::is_convertible_v<const T&, std::string_view> &&
    (!std::is_class_v<T> || is_standard_string<T> || !HasOwnEquality<T>);

template <class T>
inline constexpr bool has_elements = false;
template <class A, class B>
inline constexpr bool has_elements<std::pair<A, B>> = true;
template <class... Ts>
inline constexpr bool has_elements<std::tuple<Ts...>> = true;
template <class T, std::size_t N>
inline constexpr bool has_elements<std::array<T, N>> = true;

/// The form of the type itself; its fields or elements have forms of their own.
template <class T>
constexpr KeyForm key_form() {
  if constexpr (StringLike<T>) {
    return KeyForm::bytes;
  } else if constexpr (std::is_integral_v<T>) {
    return KeyForm::number;
  } else if constexpr (std::is_enum_v<T>) {
    return HasOwnEquality<T> && !equal_by_fields<T> ? KeyForm::own_equality : KeyForm::number;
  } else if constexpr (has_elements<T>) {
    return KeyForm::elements;
  } else if constexpr (equal_by_fields<T> && Aggregate<T>) {
    return KeyForm::fields;
  } else if constexpr (StdHashable<T>) {
    return HasEquality<T> || Aggregate<T> ? KeyForm::hashed : KeyForm::no_equality;
  } else if constexpr (HasOwnEquality<T>) {
    return Aggregate<T> ? KeyForm::own_equality : KeyForm::none;
  } else {
    return Aggregate<T> ? KeyForm::fields : KeyForm::none;
  }
}

template <class T, KeyForm form = key_form<T>()>
struct KeyParts {
  static constexpr std::size_t size = 0;
  template <std::size_t>
  using Part = T;
};
template <class T>
struct KeyParts<T, KeyForm::fields> {
  static constexpr std::size_t size = boost::pfr::tuple_size_v<T>;
  template <std::size_t I>
  using Part = std::remove_cv_t<boost::pfr::tuple_element_t<I, T>>;
  template <std::size_t I>
  static constexpr const auto& get(const T& value) {
    return boost::pfr::get<I>(value);
  }
};
template <class T>
struct KeyParts<T, KeyForm::elements> {
  static constexpr std::size_t size = std::tuple_size_v<T>;
  template <std::size_t I>
  using Part = std::remove_cv_t<std::tuple_element_t<I, T>>;
  template <std::size_t I>
  static constexpr const auto& get(const T& value) {
    return std::get<I>(value);
  }
};

/// Calls test.operator()<I>() for the number of each part until one returns false. Returns true
/// when none does.
template <class T, class Test>
constexpr bool all_key_parts(Test&& test) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (test.template operator()<I>() && ...);
  }
  (std::make_index_sequence<KeyParts<T>::size>{});
}

template <class T>
constexpr bool is_hashable_key() {
  constexpr KeyForm form = key_form<T>();
  return form < KeyForm::none && all_key_parts<T>([]<std::size_t I>() {
           return is_hashable_key<typename KeyParts<T>::template Part<I>>();
         });
}

template <class T>
concept HashableKey = is_hashable_key<T>();

/// Fails to compile, with a message in the user's words, for a type that has a == which its hash
/// would not fit, or that has such a part. True for types that are not keys for other reasons.
template <class T>
constexpr bool check_key_equality() {
  constexpr KeyForm form = key_form<T>();
  static_assert(
      form != KeyForm::own_equality,
      "wallaroo: a key (or a field of one) has a == of its own but no std::hash, and keys that are "
      "equal must hash alike, or one key would have several states. Either remove the ==: fields "
      "are compared one by one without it; or, when it compares all fields, as a defaulted one "
      "does, say so: template <> inline constexpr bool wallaroo::equal_by_fields<Key> = true; or "
      "specialise std::hash");
  static_assert(form != KeyForm::no_equality,
                "wallaroo: a key (or a field of one) has a std::hash but no ==, which tells which "
                "keys are the same");
  return all_key_parts<T>(
      []<std::size_t I>() { return check_key_equality<typename KeyParts<T>::template Part<I>>(); });
}

template <class T>
constexpr bool always_equals_itself();

template <class T>
inline constexpr bool standard_equals_itself =
    std::is_pointer_v<T> || std::is_null_pointer_v<T> || std::is_same_v<T, std::monostate>;
template <class T>
inline constexpr bool standard_equals_itself<std::optional<T>> = always_equals_itself<T>();
template <class... Ts>
inline constexpr bool standard_equals_itself<std::variant<Ts...>> = (always_equals_itself<Ts>() &&
                                                                     ...);

/// True when the type guarantees that every value is equal to itself, as NaN is not.
template <class T>
constexpr bool always_equals_itself() {
  constexpr KeyForm form = key_form<T>();
  if constexpr (form == KeyForm::fields || form == KeyForm::elements) {
    return all_key_parts<T>([]<std::size_t I>() {
      return always_equals_itself<typename KeyParts<T>::template Part<I>>();
    });
  } else {
    return form == KeyForm::bytes || form == KeyForm::number || standard_equals_itself<T>;
  }
}

}  // namespace wallaroo::internal
