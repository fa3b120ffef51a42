// Objects of Python's standard library by which values and keys are recognised.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nanobind/nanobind.h>

#include "python/objects/access.hpp"

namespace wallaroo::python {

/// Made once, when the module is imported, and never changed or given up.
struct PythonTypes {
  nanobind::object enum_type, flag_type, enum_names_text, enum_value_text, member_map_text;
  nanobind::object date, datetime, time, timedelta, timezone, utc;
  nanobind::object first_datetime;      ///< datetime(1, 1, 1)
  nanobind::object first_utc_datetime;  ///< the same in UTC
  nanobind::object decimal, uuid, uuid_int_text, uuid_safe_text, uuid_safe_unknown;
  nanobind::object deque, ordered_dict, counter, defaultdict;
  std::vector<nanobind::object> factories;  ///< of a defaultdict; places in it are stored
  nanobind::object generic;                 ///< typing.Generic
  nanobind::object get_slot_names;
  nanobind::object dataclass_getstate, dataclass_setstate;  ///< None before Python 3.10
  nanobind::object dataclass_missing;
  nanobind::object object_new, object_reduce, object_reduce_ex;
  nanobind::object object_getstate;  ///< None before Python 3.11
  nanobind::object dumps, loads;     ///< of wallaroo._pickling
  nanobind::object no_arguments;     ///< an empty tuple
  void* plain_dealloc = nullptr;     ///< the slot of every class that a class statement makes
};

/// Imports what PythonTypes holds. Call once, when the module is imported.
void import_python_types();
const PythonTypes& python_types();

/// The text as UTF-8, where lone surrogates have three bytes as other characters have. The view is
/// valid while this and the string exist.
class Utf8 {
 public:
  explicit Utf8(PyObject* text) {
    if (!find_ascii(text, view_)) [[unlikely]] {
      encode(text);
    }
  }
  std::string_view view() const { return view_; }

 private:
  void encode(PyObject* text);

  nanobind::object holder_;
  std::string_view view_;
};
/// The string with these bytes; a Python exception for bytes that are not what Utf8 makes.
inline nanobind::object text_of_utf8(std::string_view bytes) {
  PyObject* const text =
      PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "surrogatepass");
  if (text == nullptr) [[unlikely]] {
    nanobind::raise_python_error();
  }
  return nanobind::steal(text);
}

/// The bytes of an int of any size in two's complement, the least significant first.
nanobind::object bytes_of_long(PyObject* number);
nanobind::object long_of_bytes(std::string_view bytes);

/// A new reference from the C API, or the Python exception that it has set.
inline nanobind::object owned(PyObject* object) {
  if (object == nullptr) [[unlikely]] {
    nanobind::raise_python_error();
  }
  return nanobind::steal(object);
}
inline void check_call(int result) {
  if (result < 0) [[unlikely]] {
    nanobind::raise_python_error();
  }
}
/// Throws the Python exception RecursionError.
[[noreturn]] void raise_recursion_error(const char* what);

/// What the class itself or one of its bases says of the name; null if nothing.
nanobind::object in_class(nanobind::handle type, nanobind::handle name);

/// The name of the class as messages show it.
std::string name_for_messages(PyTypeObject* type);

/// A new object of a class whose `__new__` is that of object, without a call of its `__init__`.
inline nanobind::object new_object(PyTypeObject* type) {
#ifdef Py_LIMITED_API
  static const auto make = reinterpret_cast<newfunc>(PyType_GetSlot(&PyBaseObject_Type, Py_tp_new));
#else
  const newfunc make = PyBaseObject_Type.tp_new;
#endif
  return owned(make(type, python_types().no_arguments.ptr(), nullptr));
}

/// True when the type is `base` or derived from it.
inline bool is_subtype(PyTypeObject* type, nanobind::handle base) {
  return PyType_IsSubtype(type, reinterpret_cast<PyTypeObject*>(base.ptr())) != 0;
}
inline bool is_type(PyTypeObject* type, nanobind::handle other) {
  return reinterpret_cast<PyObject*>(type) == other.ptr();
}

}  // namespace wallaroo::python
