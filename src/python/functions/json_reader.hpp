// JSON to objects of Python.
#pragma once

#include <Python.h>

#include <memory>
#include <string_view>

namespace wallaroo::python {

/// Makes of JSON what `json.loads` makes of it, in a fraction of the time. Keys that come again and
/// again are one str. Used under the interpreter's lock, by one executor: a copy has keys of its
/// own.
class JsonReader {
 public:
  JsonReader();
  JsonReader(const JsonReader&);
  JsonReader& operator=(const JsonReader&) = delete;
  ~JsonReader();

  /// The object, as a new reference. Null, without an exception, for what is left to `json.loads`:
  /// all that is no JSON by the standard or not in UTF-8, deep nesting, and numbers of many digits.
  PyObject* read(std::string_view bytes);

 private:
  class Handler;
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace wallaroo::python
