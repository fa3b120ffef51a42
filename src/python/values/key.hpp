// Keys of Python pipelines: bytes, which need no interpreter.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include <wallaroo/types/stored.hpp>

#include "record/views.hpp"

namespace wallaroo::python {

/// A key as canonical bytes, of which docs/formats/python-values.md has the format: two keys are
/// equal exactly when their bytes are. The engine hashes and compares it as it does strings, so the
/// group of a key is the same in every process. Keys of applications of the old API are the text or
/// bytes themselves. key_object.hpp makes keys of objects and objects of keys.
struct PyKey {
  std::string bytes;

  // There is no == on purpose: with one, the engine would not take keys for strings.
  operator std::string_view() const { return bytes; }
};

/// Appends the key for messages, such as `'ann'`, `7` or `(1, 'a')`. Bytes that are no key, such as
/// those of the old API, are shown as text.
void append_description_of(std::string& out, const PyKey& key);

/// The first byte of a key, or of an element of a tuple.
enum class KeyTag : char {
  none = 'N',
  boolean = 'B',
  integer = 'i',
  floating = 'f',
  text = 's',
  bytes = 'y',
  tuple = 't',
  enum_member = 'e',
  flag = 'g',
  date = 'd',
  naive_time = 'n',  ///< a datetime without a time zone
  instant = 'z',     ///< a datetime with one
  uuid = 'u',
};

/// How deep tuples may be nested in a key.
inline constexpr int most_nested_keys = 64;

/// Writes an integer as the fewest bytes of two's complement, the least significant first; 0 has
/// none.
void append_integer(std::string& out, long long value);
/// Reads what append_integer wrote. Requires at most 8 bytes.
long long integer_of(std::string_view bytes);
/// Writes a length as LEB128, followed by the bytes.
void append_sized(std::string& out, std::string_view bytes);

}  // namespace wallaroo::python

/// A checkpoint holds the bytes as they are.
template <>
struct wallaroo::Stored<wallaroo::python::PyKey> {
  using Type = std::string;
  static const Type& save(const wallaroo::python::PyKey& key) { return key.bytes; }
  static wallaroo::python::PyKey load(Type bytes) { return {std::move(bytes)}; }
};

/// A key owns its bytes.
template <>
struct wallaroo::internal::MayHoldViews<wallaroo::python::PyKey> : std::false_type {};
