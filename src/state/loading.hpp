// Loads the entries of a key group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "record/stored/stored_names.hpp"
#include "record/stored/stored_read.hpp"
#include "record/stored/stored_types.hpp"
#include "record/stored/stored_write.hpp"
#include "state/stage_state.hpp"

namespace wallaroo::internal {

/// The text of T's schema; empty for a type that is not stored.
template <class T>
std::string schema_text() {
  if constexpr (is_storable<T>) {
    return schema_of<T>().text();
  } else {
    return {};
  }
}

/// The names of T's fields, see `field_names`; none for a type that is not stored.
template <class T>
std::vector<std::string> schema_fields() {
  if constexpr (is_storable<T>) {
    return field_names<T>();
  } else {
    return {};
  }
}

/// Throws StoredError when the type of keys has changed, because a key's value is found by a hash
/// of all its fields.
void check_keys_unchanged(std::string_view stored, std::string_view now);
/// Throws StoredError when bytes are left.
void check_at_end(const StoredReader& in);

/// The loaders of keys and values, whose stored types may be older than those of the program. Empty
/// for types that are not stored.
template <class Key, class Value, bool = is_storable<Key>&& is_storable<Value>>
struct LoadingOf {};
template <class Key, class Value>
struct LoadingOf<Key, Value, true> {
  /// Throws StoredError when the stored types cannot be read as these.
  LoadingOf(std::string_view key_schema, std::string_view value_schema)
      : key(unchanged_key(key_schema)), value(Schema::parse(value_schema)) {}
  Loader<Key> key;
  Loader<Value> value;

 private:
  // Checked before a loader suggests a migration, which would not help for keys.
  static Schema unchanged_key(std::string_view stored) {
    check_keys_unchanged(stored, schema_text<Key>());
    return Schema::parse(stored);
  }
};

/// Loads the values that a stage keeps once per executor.
template <class T>
std::vector<T> load_all(const SavedInstances& instances) {
  const Loader<T> load(Schema::parse(instances.schema));
  std::vector<T> all;
  for (const std::string& bytes : instances.saved) {
    StoredReader in(bytes);
    all.push_back(load(in));
    check_at_end(in);
  }
  return all;
}
template <class T>
std::string store_one(const T& value) {
  StoredWriter out;
  store(value, out);
  return out.take();
}

}  // namespace wallaroo::internal
