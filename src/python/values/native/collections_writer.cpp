// Containers of the module collections to bytes.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "python/values/native/value_writer.hpp"
#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;

namespace {

/// These classes let their objects have attributes, which only pickle stores.
bool has_attributes(PyObject* object) {
  const nb::object dict = owned(PyObject_GenericGetDict(object, nullptr));
  return PyDict_Size(dict.ptr()) != 0;
}

/// Pickle would store the name of a function, which nothing that is read may name.
void refuse_function(const nb::object& factory) {
  const std::string kind = name_for_messages(Py_TYPE(factory.ptr()));
  if (kind == "function" || kind == "method" || kind == "builtin_function_or_method") {
    throw nb::type_error(
        "a defaultdict whose default_factory is a function cannot be stored, because stored values "
        "may not name functions; use a class as its factory, such as list or one of your own, or a "
        "dict and its setdefault()");
  }
}

}  // namespace

bool ValueWriter::write_deque(PyObject* deque) {
  const nb::object most = nb::handle(deque).attr("maxlen");
  // A deque that changes while it is walked over raises an exception, so a list of it is taken.
  const nb::object elements = owned(PySequence_List(deque));
  const Py_ssize_t size = PyList_Size(elements.ptr());
  put(Tag::deque);
  out_.put_length(most.is_none() ? 0 : 1 + nb::cast<std::uint64_t>(most));
  out_.put_length(static_cast<std::uint64_t>(size));
  for (Py_ssize_t i = 0; i < size; ++i) {
    if (!write(PyList_GetItem(elements.ptr(), i), 1)) {
      return false;
    }
  }
  return true;
}

// Its order is not that of the dict on which it is based.
bool ValueWriter::write_ordered_dict(PyObject* dict) {
  if (has_attributes(dict)) {
    return false;
  }
  const nb::object items =
      owned(PySequence_List(python_types().ordered_dict.attr("items")(nb::handle(dict)).ptr()));
  const Py_ssize_t size = PyList_Size(items.ptr());
  put(Tag::ordered_dict);
  out_.put_length(static_cast<std::uint64_t>(size));
  for (Py_ssize_t i = 0; i < size; ++i) {
    PyObject* const item = PyList_GetItem(items.ptr(), i);
    if (!write(PyTuple_GetItem(item, 0), 1) || !write(PyTuple_GetItem(item, 1), 1)) {
      return false;
    }
  }
  return true;
}

bool ValueWriter::write_counter(PyObject* counter) {
  if (has_attributes(counter)) {
    return false;
  }
  put(Tag::counter);
  return write_pairs(counter);
}

// A factory that is not known goes to pickle, which stores classes, and objects that can be called.
bool ValueWriter::write_defaultdict(PyObject* dict) {
  const nb::object factory = nb::handle(dict).attr("default_factory");
  const std::vector<nb::object>& known = python_types().factories;
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const nb::object& one) { return one.is(factory); });
  if (found == known.end()) {
    refuse_function(factory);
    return false;
  }
  put(Tag::defaultdict);
  out_.put(static_cast<std::uint8_t>(found - known.begin()));
  return write_pairs(dict);
}

}  // namespace wallaroo::python
