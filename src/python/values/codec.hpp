// Python objects as bytes, for state in checkpoints and records between processes. The format is
// docs/formats/python-values.md. Everything here requires the interpreter's lock.
#pragma once

#include <string>
#include <string_view>

#include <nanobind/nanobind.h>

#include "record/stored/stored_bytes.hpp"

namespace wallaroo::python {

/// The bytes of an object: by the application's `serialize` if it has one, otherwise natively, and
/// by pickle what cannot be stored so. Throws nanobind::python_error with what the user's functions
/// or pickle raise, and nanobind::type_error when it would need pickle, but pickle is refused.
std::string encode(PyObject* object);
/// Appends the same bytes. When it throws, it may have appended some of them.
void encode(PyObject* object, internal::StoredWriter& out);
/// The object of these bytes, or one that is equal to it. Safe for any bytes as far as pickle is
/// not involved. Throws StoredError for bytes that are broken, or whose class is not to be found,
/// and nanobind::python_error with what the user's functions raise.
nanobind::object decode(std::string_view bytes);

/// The bytes of all objects of a list. It costs less than encoding them one by one, and objects
/// that occur twice are the same object again.
std::string encode_batch(nanobind::list objects);
nanobind::list decode_batch(std::string_view bytes);

}  // namespace wallaroo::python
