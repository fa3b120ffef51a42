// Finds values in a record: its key, its event time, a value for an aggregation.
#pragma once

#include <Python.h>

#include <cstdint>

#include "python/objects/callable.hpp"
#include "python/objects/record.hpp"
#include "python/values/key_object.hpp"

namespace wallaroo::python {

enum class Extraction {
  function,   ///< what the function returns
  item,       ///< record[argument], without a call of Python code for dicts, tuples and lists
  attribute,  ///< record.argument
  record,     ///< the record itself
  constant,   ///< the argument
};

/// Finds a value in a record. Throws PythonError when there is none.
struct Extract {
  Extraction extraction = Extraction::function;
  Shared argument = {};  ///< the function, the index or key, the name, the constant

  PyRecord operator()(const PyRecord& record) const;
};

/// The key of a record, of which `old_style` says how it becomes bytes.
struct KeyOf {
  Extract extract;
  bool old_style = false;

  PyKey operator()(const PyRecord& record) const;

 private:
  PyKey key_from(PyObject* object) const;
};

/// The event time of a record in nanoseconds since the Unix epoch: a whole number of them, or a
/// datetime (one without a time zone is in UTC).
struct EventTimeOf {
  Extract extract;

  std::int64_t operator()(const PyRecord& record) const;
};

/// Nanoseconds of an object that is a time, as EventTimeOf takes it. Requires the lock.
std::int64_t nanoseconds_of(PyObject* time);

}  // namespace wallaroo::python
