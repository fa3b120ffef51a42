// Descriptions of stored types, by which values can be read without the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wallaroo/types/stored.hpp>

namespace wallaroo::internal {

enum class SchemaKind : std::uint8_t {
  boolean,
  character,
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
  f32,
  f64,
  string,
  record,  ///< the fields of a struct, pair or tuple, in order
  list,    ///< any number of equal elements: sequences and sets
  map,     ///< any number of pairs of key and value
  optional,
  variant,     ///< the alternatives, in order
  array,       ///< `number()` elements
  duration,    ///< a count, with its period in seconds
  time_point,  ///< a count since the Unix epoch, with its period in seconds
  versioned,   ///< a type with a Migration, of version `number()`
};

/// The type of stored values. docs/formats/stored-values.md describes its text and the bytes of its
/// values.
class Schema {
 public:
  static Schema scalar(SchemaKind kind) { return Schema(kind); }
  static Schema record(std::vector<Schema> fields) {
    return Schema(SchemaKind::record, std::move(fields));
  }
  static Schema list(Schema element) { return of_one(SchemaKind::list, std::move(element)); }
  static Schema map(Schema key, Schema value);
  static Schema optional(Schema value) { return of_one(SchemaKind::optional, std::move(value)); }
  static Schema variant(std::vector<Schema> alternatives) {
    return Schema(SchemaKind::variant, std::move(alternatives));
  }
  /// Requires `size` >= 1.
  static Schema array(std::uint64_t size, Schema element);
  /// Requires that `kind` is duration or time_point. A count stands for `numerator / denominator`
  /// seconds.
  static Schema chrono(SchemaKind kind, Schema count, std::uint64_t numerator,
                       std::uint64_t denominator);
  /// Requires `version` >= 2.
  static Schema versioned(std::uint32_t version, Schema body);

  /// Reads the result of `text()`. Throws StoredError for any other text.
  static Schema parse(std::string_view text);
  std::string text() const;

  SchemaKind kind() const { return kind_; }
  const std::vector<Schema>& parts() const { return parts_; }
  const Schema& part(std::size_t i) const { return parts_[i]; }
  /// The size of an array, or the version of a versioned type.
  std::uint64_t number() const { return number_; }
  /// The version of the type; 1 when it is not versioned.
  std::uint32_t version() const;
  /// The least number of bytes of a value, at least 1; the greatest number when it would overflow.
  std::uint64_t least_bytes() const;

  friend bool operator==(const Schema&, const Schema&) = default;

 private:
  explicit Schema(SchemaKind kind, std::vector<Schema> parts = {})
      : kind_(kind), parts_(std::move(parts)) {}
  static Schema of_one(SchemaKind kind, Schema part);

  void append_text(std::string& text) const;
  void append_parts(std::string& text) const;

  SchemaKind kind_;
  std::uint64_t number_ = 0;       ///< size, version or numerator
  std::uint64_t denominator_ = 0;  ///< of a duration or time_point
  std::vector<Schema> parts_;
};

}  // namespace wallaroo::internal
