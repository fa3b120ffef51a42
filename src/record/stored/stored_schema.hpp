// The schema of a type.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "record/stored/schema.hpp"
#include "record/stored/stored_check.hpp"

namespace wallaroo::internal {

template <class T>
constexpr SchemaKind integer_kind() {
  constexpr SchemaKind kinds[2][4] = {
      {SchemaKind::u8, SchemaKind::u16, SchemaKind::u32, SchemaKind::u64},
      {SchemaKind::i8, SchemaKind::i16, SchemaKind::i32, SchemaKind::i64}};
  constexpr int log2_bytes = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
  return kinds[std::is_signed_v<T>][log2_bytes];
}

template <class T>
constexpr SchemaKind scalar_kind() {
  if constexpr (std::is_enum_v<T>) {
    return scalar_kind<std::underlying_type_t<T>>();
  } else if constexpr (std::is_same_v<T, bool>) {
    return SchemaKind::boolean;
  } else if constexpr (std::is_same_v<T, char>) {
    return SchemaKind::character;
  } else if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T) == 4 ? SchemaKind::f32 : SchemaKind::f64;
  } else {
    return integer_kind<T>();
  }
}

template <class T>
Schema schema_of();

template <class T>
std::vector<Schema> schemas_of_parts() {
  std::vector<Schema> parts;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (parts.push_back(schema_of<PartOf<T, I>>()), ...);
  }
  (std::make_index_sequence<PartsOf<T>::size>{});
  return parts;
}

/// The schema of T without its version.
template <class T>
Schema body_schema_of() {
  constexpr StoredForm form = stored_form<T>();
  if constexpr (form == StoredForm::converted) {
    return schema_of<PartOf<T>>();
  } else if constexpr (form == StoredForm::scalar) {
    return Schema::scalar(scalar_kind<T>());
  } else if constexpr (form == StoredForm::string || form == StoredForm::view) {
    return Schema::scalar(SchemaKind::string);
  } else if constexpr (form == StoredForm::optional) {
    return Schema::optional(schema_of<PartOf<T>>());
  } else if constexpr (form == StoredForm::variant) {
    return Schema::variant(schemas_of_parts<T>());
  } else if constexpr (form == StoredForm::array) {
    return Schema::array(std::tuple_size_v<T>, schema_of<PartOf<T>>());
  } else if constexpr (form == StoredForm::duration || form == StoredForm::time_point) {
    const SchemaKind kind =
        form == StoredForm::duration ? SchemaKind::duration : SchemaKind::time_point;
    return Schema::chrono(kind, schema_of<PartOf<T>>(), T::period::num, T::period::den);
  } else if constexpr (form == StoredForm::map) {
    return Schema::map(schema_of<PartOf<T, 0>>(), schema_of<PartOf<T, 1>>());
  } else if constexpr (form == StoredForm::set || form == StoredForm::sequence) {
    return Schema::list(schema_of<PartOf<T>>());
  } else {
    return Schema::record(schemas_of_parts<T>());
  }
}

/// The schema of T. Its text is the same in every build. Views are described as what they are on
/// their way to another process.
template <class T>
Schema schema_of() {
  static_assert(check_can_cross<T>());
  static_assert(!is_declared_not_stored<T>, "wallaroo: this type is declared NotStored");
  if constexpr (HasMigration<T>) {
    return Schema::versioned(Migration<T>::version, body_schema_of<T>());
  } else {
    return body_schema_of<T>();
  }
}

}  // namespace wallaroo::internal
