// Converts stored values to JSON without the program that defines their types.
#pragma once

#include <string>

#include <boost/json/value.hpp>

#include "record/stored/schema.hpp"
#include "record/stored/stored_bytes.hpp"
#include "record/stored/stored_names.hpp"

namespace wallaroo::internal {

/// Reads one value of that schema. Structs with known field names become objects; other structs,
/// pairs and tuples become arrays. A map whose keys are distinct strings becomes an object, any
/// other map an array of [key, value]. An optional becomes its value or null, a variant {"<number
/// of the alternative>": value}, durations and times their counts. Integers are exact;
/// floating-point values without a JSON form become "NaN", "Infinity" or "-Infinity". Sequences of
/// `char` become strings; bytes of strings that are not UTF-8 are written as \xHH. Throws
/// StoredError when the bytes are not a value of the schema.
boost::json::value stored_json(const Schema& schema, StoredReader& in,
                               const FieldNames* names = nullptr);

/// Appends the result of `stored_json` as text on one line.
void print_json(const Schema& schema, StoredReader& in, std::string& out,
                const FieldNames* names = nullptr);

}  // namespace wallaroo::internal
