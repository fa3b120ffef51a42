// Decides whether a type can be stored, and explains in the user's words why not.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "record/stored/stored_types.hpp"

namespace wallaroo::internal {

/// How values of a type can be stored, or why not. A type has the greatest value of its parts.
enum class Storability {
  storable,
  declared_not_stored,
  unknown,  ///< no rule says how to store it
  view,
  recursive,
  steady_time,
  wrong_conversion,  ///< Stored<T> lacks a member, or has a wrong one
  wrong_migration,   ///< Migration<T> lacks a member, or has a wrong one
  wrong_version,     ///< versions of Migration<T> and its Previous are not consecutive
};

template <class T>
inline constexpr bool is_steady_time = false;
template <class Duration>
inline constexpr bool is_steady_time<std::chrono::time_point<std::chrono::steady_clock, Duration>> =
    true;

/// True when Migration<T> has the members that it needs.
template <class T>
concept Migrated = requires(typename Migration<T>::Previous& previous) {
  { Migration<T>::version } -> std::convertible_to<std::uint32_t>;
  { Migration<T>::migrate(std::move(previous)) } -> std::convertible_to<T>;
};

/// The storability of T itself, without its parts.
template <class T>
constexpr Storability own_storability() {
  if constexpr (HasStored<T>) {
    if constexpr (std::is_base_of_v<NotStored, Stored<T>>) {
      return Storability::declared_not_stored;
    }
    return Converted<T> ? Storability::storable : Storability::wrong_conversion;
  } else if constexpr (is_steady_time<T>) {
    return Storability::steady_time;
  } else if constexpr (stored_form<T>() == StoredForm::view) {
    return Storability::view;
  } else if constexpr (stored_form<T>() != StoredForm::none) {
    return Storability::storable;
  } else if constexpr (std::is_function_v<T>) {
    return Storability::unknown;
  } else {
    return holds_views<T> ? Storability::view : Storability::unknown;
  }
}

template <class T, class... Around>
constexpr Storability storability();

/// `Around` are T and the types of which it is a part, by which recursive types are recognised.
template <class T, class... Around>
constexpr Storability storability_of_parts() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return std::max({Storability::storable, storability<PartOf<T, I>, Around...>()...});
  }
  (std::make_index_sequence<PartsOf<T>::size>{});
}

template <class T, class... Around>
constexpr Storability storability_of_migration() {
  if constexpr (!HasMigration<T>) {
    return Storability::storable;
  } else if constexpr (!Migrated<T>) {
    return Storability::wrong_migration;
  } else {
    using Previous = typename Migration<T>::Previous;
    constexpr Storability previous = storability<Previous, Around...>();
    if constexpr (previous != Storability::storable) {
      return previous;
    } else {
      return Migration<T>::version == version_of<Previous>() + 1 ? Storability::storable
                                                                 : Storability::wrong_version;
    }
  }
}

template <class T, class... Around>
constexpr Storability storability() {
  if constexpr (!std::is_same_v<T, std::remove_cv_t<T>>) {
    return storability<std::remove_cv_t<T>, Around...>();
  } else if constexpr ((std::is_same_v<T, Around> || ...)) {
    return Storability::recursive;
  } else {
    constexpr Storability own = own_storability<T>();
    if constexpr (own != Storability::storable) {
      return own;
    } else {
      return std::max(storability_of_parts<T, Around..., T>(),
                      storability_of_migration<T, Around..., T>());
    }
  }
}

/// True when values of T can be stored.
template <class T>
inline constexpr bool is_storable = storability<T>() == Storability::storable;

template <class T, class... Around>
constexpr bool crosses() {
  if constexpr (!std::is_same_v<T, std::remove_cv_t<T>>) {
    return crosses<std::remove_cv_t<T>, Around...>();
  } else if constexpr ((std::is_same_v<T, Around> || ...)) {
    return false;
  } else if constexpr (own_storability<T>() == Storability::storable) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return (crosses<PartOf<T, I>, Around..., T>() && ...);
    }
    (std::make_index_sequence<PartsOf<T>::size>{});
  } else {
    return !HasStored<T> && stored_form<T>() == StoredForm::view;
  }
}

/// True when values of T can be sent to another process: when they can be stored, or could be if
/// their views of bytes were strings.
template <class T>
inline constexpr bool can_cross = crosses<T>();

/// True when T cannot be stored only because T, or a part of it, is declared wallaroo::NotStored.
template <class T>
inline constexpr bool is_declared_not_stored = storability<T>() == Storability::declared_not_stored;

template <class T, Storability why>
constexpr bool explain() {
  static_assert(
      why != Storability::unknown,
      "wallaroo: this type cannot be stored in a checkpoint by itself, for it is no struct "
      "of plain fields (one without constructors, bases and C arrays, each field with a "
      "default): say how with a specialisation of wallaroo::Stored, with Type, save and "
      "load (see docs/guide/state.md), or derive that from wallaroo::NotStored to do "
      "without checkpoints");
  static_assert(why != Storability::view,
                "wallaroo: what is stored in a checkpoint must own its bytes: this is a pointer, a "
                "reference or a view; keep the value itself, a std::string or a std::vector");
  static_assert(
      why != Storability::recursive,
      "wallaroo: a type that contains itself, as a tree does, cannot be stored by itself: "
      "specialise wallaroo::Stored for it, with a Type that is flat (see "
      "docs/guide/state.md)");
  static_assert(
      why != Storability::steady_time,
      "wallaroo: a time of std::chrono::steady_clock means nothing after a restart, so it "
      "cannot be stored: use std::chrono::system_clock");
  static_assert(
      why != Storability::wrong_conversion,
      "wallaroo: this specialisation of wallaroo::Stored is not complete: it needs 'using "
      "Type = ...;', 'static Type save(const T&)' and 'static T load(Type)' (or derive it "
      "from wallaroo::NotStored)");
  static_assert(why != Storability::wrong_migration,
                "wallaroo: this specialisation of wallaroo::Migration is not complete: it needs "
                "'static constexpr std::uint32_t version', 'using Previous = ...;' and 'static T "
                "migrate(Previous)'");
  static_assert(why != Storability::wrong_version,
                "wallaroo: the version of a wallaroo::Migration must be one more than that of its "
                "Previous, which is 1 when that has no Migration");
  return false;
}

template <class T, class... Around>
constexpr bool check_storable();

/// Appears in the compiler's notes, where its arguments name the type, the number of the part, and
/// the part's type.
template <class Whole, std::size_t part, class Part, class... Around>
constexpr bool check_part() {
  return check_storable<Part, Around...>();
}

template <class T, class... Around>
constexpr bool check_parts() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return (check_part<T, I, PartOf<T, I>, Around...>() && ...);
  }
  (std::make_index_sequence<PartsOf<T>::size>{});
}

/// Fails to compile when T cannot be stored, with a message that says why and what to do; the
/// compiler's notes name the part of T. True otherwise, also for types that are declared
/// wallaroo::NotStored (see is_declared_not_stored). For use in a static_assert.
template <class T, class... Around>
constexpr bool check_storable() {
  using Value = std::remove_cv_t<T>;
  constexpr Storability why = storability<Value, Around...>();
  if constexpr (why <= Storability::declared_not_stored) {
    return true;
  } else if constexpr ((std::is_same_v<Value, Around> || ...)) {
    return explain<Value, why>();
  } else if constexpr (storability_of_parts<Value, Around..., Value>() == why) {
    return check_parts<Value, Around..., Value>();
  } else {
    return explain<Value, why>();
  }
}

/// The same as check_storable, but true as well for types that can only be sent to other processes.
template <class T>
constexpr bool check_can_cross() {
  if constexpr (can_cross<T>) {
    return true;
  } else {
    return check_storable<T>();
  }
}

}  // namespace wallaroo::internal
