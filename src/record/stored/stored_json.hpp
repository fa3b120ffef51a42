// Stored values in JSON, without the program that knows their types.
#pragma once

#include <string>

#include <boost/json/value.hpp>

#include "record/stored/schema.hpp"
#include "record/stored/stored_bytes.hpp"
#include "record/stored/stored_names.hpp"

namespace wallaroo::internal {

/// Reads one value of that schema. Structs whose names are known are objects, other structs, pairs
/// and tuples arrays; a map with different
/// strings as keys is an object, any other an array of [key, value]; an optional is its value or
/// null; a variant is {"<number of the alternative>": value}; durations and times are their counts.
/// Integers are exact. What is no number is "NaN", "Infinity" or "-Infinity". Bytes of strings that
/// are not UTF-8 are written as \xHH. Sequences of `char` are strings.
/// Throws StoredError when the bytes are no such value.
boost::json::value stored_json(const Schema& schema, StoredReader& in,
                               const FieldNames* names = nullptr);

/// Appends the same as text on one line.
void print_json(const Schema& schema, StoredReader& in, std::string& out,
                const FieldNames* names = nullptr);

}  // namespace wallaroo::internal
