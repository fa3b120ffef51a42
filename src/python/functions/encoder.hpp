// Encoders: functions of the user, and ready ones that call no function of Python's.
#pragma once

#include <Python.h>

#include <string>

#include <wallaroo/types/byte_writer.hpp>

#include "python/objects/callable.hpp"
#include "python/objects/record.hpp"

namespace wallaroo::python {

enum class Encoding {
  function,   ///< the function returns bytes or str, or None for nothing
  text,       ///< str as UTF-8; bytes as they are; of other objects their str()
  line,       ///< the same, and a line end
  json_line,  ///< json.dumps of the record, and a line end
  value,      ///< the bytes of the codec, for sinks of Python
  fields,     ///< the elements of a tuple or list as text, with a separator between them
};

/// Writes the bytes of records. Returns false for a record of which nothing is to be written.
struct Encoder {
  Encoding encoding = Encoding::function;
  Shared function = {};        ///< of `function`, and json.dumps of `json_line`
  std::string separator = {};  ///< of `fields`
  bool prefixed = false;       ///< the bytes follow their length, 4 bytes, big endian
  std::string sink = {};       ///< the name of the sink, for tests

  bool operator()(const PyRecord& record, ByteWriter& out) const;
};

}  // namespace wallaroo::python
