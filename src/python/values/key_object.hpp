// Keys made of Python objects, and the way back. All of these require the interpreter's lock.
#pragma once

#include <nanobind/nanobind.h>

#include "python/values/class_registry.hpp"
#include "python/values/key.hpp"

namespace wallaroo::python {

/// The key of an object: None, bool, int, float, str, bytes, date, datetime, UUID, a member of an
/// Enum, or a tuple of such. 1, True and 1.0 are different keys; 0.0 and -0.0 are one. An object of
/// a class derived from one of these counts as one of the base class, and must be equal to it; a
/// scalar of NumPy counts as the Python object it stands for. Datetimes with a time zone are equal
/// when they are the same instant. Throws nanobind::type_error for other objects, and
/// nanobind::value_error for NaN.
PyKey key_of(PyObject* object);
/// The object that the key was made of, or one that is equal to it. Throws StoredError for bytes
/// that key_of does not make.
nanobind::object object_of(const PyKey& key);

/// The key of an object by the old API: the bytes of a str in UTF-8, bytes as they are, and the
/// character with the number of an int or bool. So "A", b"A" and 65 are one key.
PyKey raw_key_of(PyObject* object);
/// The key as a str, which is what the old API gives to functions. Bytes that are no UTF-8 become
/// lone surrogates, as in the names of files.
nanobind::object raw_object_of(const PyKey& key);

/// The classes of members of enums are found here. It is the registry of process_values().
ClassRegistry& process_classes();

}  // namespace wallaroo::python
