#include "python/values/key_object.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "python/values/process_values.hpp"
#include "python/values/python_types.hpp"
#include "record/stored/stored_bytes.hpp"

namespace wallaroo::python {

namespace nb = nanobind;

namespace {

constexpr long long microseconds_of_day = 86'400'000'000;

void append(std::string& out, PyObject* object, int depth);

void put(std::string& out, KeyTag tag) { out += static_cast<char>(tag); }

long long number_of(nb::handle object, const char* attribute) {
  return nb::cast<long long>(object.attr(attribute));
}

[[noreturn]] void refuse(PyTypeObject* type, const char* why) {
  throw nb::type_error(
      fmt::format(
          "an object of class {} cannot be a key{}; a key is None, a bool, int, float, str, "
          "bytes, date, datetime, UUID, a member of an Enum, or a tuple of these",
          name_for_messages(type), why)
          .c_str());
}

void append_long(std::string& out, PyObject* number) {
  put(out, KeyTag::integer);
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(number, &overflow);
  if (overflow == 0) [[likely]] {
    append_integer(out, value);
    return;
  }
  const nb::bytes bytes(bytes_of_long(number));
  out.append(bytes.c_str(), bytes.size());
}

void append_float(std::string& out, double value) {
  if (std::isnan(value)) {
    throw nb::value_error(
        "NaN cannot be a key, because it is not equal to itself: each record "
        "would have a state of its own, which is never found again");
  }
  put(out, KeyTag::floating);
  value += 0.0;  // makes -0.0 the same as 0.0, to which it is equal
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

void append_bytes(std::string& out, PyObject* bytes) {
  put(out, KeyTag::bytes);
  out.append(PyBytes_AsString(bytes), static_cast<std::size_t>(PyBytes_Size(bytes)));
}

void append_text(std::string& out, PyObject* text) {
  put(out, KeyTag::text);
  out += Utf8(text).view();
}

void append_tuple(std::string& out, PyObject* tuple, int depth) {
  if (depth >= most_nested_keys) {
    throw nb::value_error("a key is a tuple whose tuples are nested too deeply");
  }
  put(out, KeyTag::tuple);
  const Py_ssize_t size = PyTuple_Size(tuple);
  std::string element;
  for (Py_ssize_t i = 0; i < size; ++i) {
    element.clear();
    append(element, PyTuple_GetItem(tuple, i), depth + 1);
    append_sized(out, element);
  }
}

void append_member(std::string& out, PyObject* member, PyTypeObject* type) {
  const PythonTypes& types = python_types();
  const std::string name = process_classes().name_of(type);
  if (name.empty()) {
    refuse(type, ", because the class cannot be found by its name in its module");
  }
  if (is_subtype(type, types.flag_type)) {
    put(out, KeyTag::flag);
    append_sized(out, name);
    append_integer(out, nb::cast<long long>(nb::handle(member).attr(types.enum_value_text)));
  } else {
    put(out, KeyTag::enum_member);
    append_sized(out, name);
    const nb::object member_name = nb::handle(member).attr(types.enum_names_text);
    out += Utf8(member_name.ptr()).view();
  }
}

void append_date(std::string& out, nb::handle date) {
  put(out, KeyTag::date);
  append_integer(out, nb::cast<long long>(date.attr("toordinal")()));
}

long long microseconds_of(nb::handle delta) {
  return number_of(delta, "days") * microseconds_of_day + number_of(delta, "seconds") * 1'000'000 +
         number_of(delta, "microseconds");
}

void append_datetime(std::string& out, nb::handle time) {
  const long long days = nb::cast<long long>(time.attr("toordinal")()) - 1;
  const long long seconds =
      number_of(time, "hour") * 3600 + number_of(time, "minute") * 60 + number_of(time, "second");
  long long microseconds =
      days * microseconds_of_day + seconds * 1'000'000 + number_of(time, "microsecond");
  const nb::object offset = time.attr("utcoffset")();
  if (offset.is_none()) {
    put(out, KeyTag::naive_time);
  } else {
    put(out, KeyTag::instant);
    microseconds -= microseconds_of(offset);
    constexpr long long end = 3'652'059 * microseconds_of_day;  // of the year 9999
    if (microseconds < 0 || microseconds >= end) {
      throw nb::value_error("a datetime that is not in the years 1 to 9999 of UTC cannot be a key");
    }
  }
  append_integer(out, microseconds);
}

/// True when objects of the class are equal as those of `base` are.
bool compares_as(PyTypeObject* type, PyTypeObject* base) {
  const nb::handle derived(reinterpret_cast<PyObject*>(type));
  const nb::handle other(reinterpret_cast<PyObject*>(base));
  return derived.attr("__eq__").is(other.attr("__eq__"));
}

void append_derived(std::string& out, PyObject* object, PyTypeObject* type, int depth) {
  const auto derives = [&](PyTypeObject& base) {
    if (PyType_IsSubtype(type, &base) == 0) {
      return false;
    }
    if (!compares_as(type, &base)) {
      refuse(type, ", because it has an __eq__ of its own");
    }
    return true;
  };
  if (derives(PyUnicode_Type)) {
    append_text(out, object);
  } else if (derives(PyLong_Type)) {
    append_long(out, object);
  } else if (derives(PyFloat_Type)) {
    append_float(out, PyFloat_AsDouble(object));
  } else if (derives(PyBytes_Type)) {
    append_bytes(out, object);
  } else if (derives(PyTuple_Type)) {
    append_tuple(out, object, depth);
  } else {
    refuse(type, "");
  }
}

/// True for scalars of NumPy, and not for its arrays, which have no hash.
bool is_scalar_of_numpy(PyTypeObject* type) {
  const nb::handle object(reinterpret_cast<PyObject*>(type));
  const nb::object module = nb::getattr(object, "__module__", nb::none());
  return PyUnicode_Check(module.ptr()) != 0 &&
         PyUnicode_CompareWithASCIIString(module.ptr(), "numpy") == 0 &&
         nb::hasattr(object, "item") && !object.attr("__hash__").is_none();
}

/// Appends the key of an object that is not of one of the most frequent classes.
void append_other(std::string& out, PyObject* object, PyTypeObject* type, int depth) {
  const PythonTypes& types = python_types();
  if (is_subtype(type, types.enum_type)) {
    append_member(out, object, type);
  } else if (is_type(type, types.datetime)) {
    append_datetime(out, object);
  } else if (is_type(type, types.date)) {
    append_date(out, object);
  } else if (is_type(type, types.uuid)) {
    put(out, KeyTag::uuid);
    const nb::bytes bytes(nb::handle(object).attr("bytes"));
    out.append(bytes.c_str(), bytes.size());
  } else if (is_scalar_of_numpy(type)) {
    const nb::object item = nb::handle(object).attr("item")();
    if (Py_TYPE(item.ptr()) == type) {
      refuse(type, "");
    }
    append(out, item.ptr(), depth);
  } else {
    append_derived(out, object, type, depth);
  }
}

void append(std::string& out, PyObject* object, int depth) {
  PyTypeObject* const type = Py_TYPE(object);
  if (type == &PyUnicode_Type) {
    append_text(out, object);
  } else if (type == &PyLong_Type) {
    append_long(out, object);
  } else if (type == &PyBytes_Type) {
    append_bytes(out, object);
  } else if (type == &PyTuple_Type) {
    append_tuple(out, object, depth);
  } else if (object == Py_None) {
    put(out, KeyTag::none);
  } else if (type == &PyBool_Type) {
    put(out, KeyTag::boolean);
    out += object == Py_True ? '\1' : '\0';
  } else if (type == &PyFloat_Type) {
    append_float(out, PyFloat_AsDouble(object));
  } else {
    append_other(out, object, type, depth);
  }
}

}  // namespace

PyKey key_of(PyObject* object) {
  PyKey key;
  append(key.bytes, object, 0);
  return key;
}

PyKey raw_key_of(PyObject* object) {
  if (PyUnicode_Check(object) != 0) {
    return {std::string(Utf8(object).view())};
  }
  if (PyBytes_Check(object) != 0) {
    return {std::string(PyBytes_AsString(object), static_cast<std::size_t>(PyBytes_Size(object)))};
  }
  if (PyLong_Check(object) != 0) {
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow != 0 || value < 0 || value > 0x10ffff) {
      throw nb::value_error(
          "a key that is an int stands for the character with this number, which "
          "must be from 0 to 1114111");
    }
    const nb::object text = owned(PyUnicode_FromFormat("%c", static_cast<int>(value)));
    return {std::string(Utf8(text.ptr()).view())};
  }
  throw nb::type_error(fmt::format("a key must be a str, bytes or int, but the key extractor "
                                   "returned an object of class {}",
                                   name_for_messages(Py_TYPE(object)))
                           .c_str());
}

nb::object raw_object_of(const PyKey& key) {
  PyObject* const text = PyUnicode_DecodeUTF8(
      key.bytes.data(), static_cast<Py_ssize_t>(key.bytes.size()), "surrogatepass");
  if (text != nullptr) {
    return nb::steal(text);
  }
  PyErr_Clear();
  return owned(PyUnicode_DecodeUTF8(key.bytes.data(), static_cast<Py_ssize_t>(key.bytes.size()),
                                    "surrogateescape"));
}

ClassRegistry& process_classes() { return process_values().classes(); }

}  // namespace wallaroo::python
