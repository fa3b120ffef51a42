// Reads and makes the objects that are met most often. The stable ABI has a function for each of
// these, which checks what is known here; other builds look into the objects.
#pragma once

#include <Python.h>

#include <cstddef>
#include <string_view>

#include "python/objects/own_values.hpp"

namespace wallaroo::python {

/// The number of elements of a list.
inline Py_ssize_t size_of_list(PyObject* list) {
#ifdef Py_LIMITED_API
  return PyList_Size(list);
#else
  return PyList_GET_SIZE(list);
#endif
}
/// An element of a list, which keeps the reference. Requires that there are so many.
inline PyObject* item_of_list(PyObject* list, Py_ssize_t index) {
#ifdef Py_LIMITED_API
  return PyList_GetItem(list, index);
#else
  return PyList_GET_ITEM(list, index);
#endif
}
inline Py_ssize_t size_of_tuple(PyObject* tuple) {
#ifdef Py_LIMITED_API
  return PyTuple_Size(tuple);
#else
  return PyTuple_GET_SIZE(tuple);
#endif
}
inline PyObject* item_of_tuple(PyObject* tuple, Py_ssize_t index) {
#ifdef Py_LIMITED_API
  return PyTuple_GetItem(tuple, index);
#else
  return PyTuple_GET_ITEM(tuple, index);
#endif
}
/// A tuple of two objects, of which it takes over a reference each. Null, with an exception, when
/// there is no memory.
inline PyObject* new_pair(PyObject* first, PyObject* second) {
  PyObject* const pair = PyTuple_New(2);
  if (pair == nullptr) [[unlikely]] {
    Py_DECREF(first);
    Py_DECREF(second);
    return nullptr;
  }
#ifdef Py_LIMITED_API
  PyTuple_SetItem(pair, 0, first);
  PyTuple_SetItem(pair, 1, second);
#else
  PyTuple_SET_ITEM(pair, 0, first);
  PyTuple_SET_ITEM(pair, 1, second);
#endif
  return pair;
}
/// Finds the bytes of a str that has nothing but ASCII. Returns false for others, and where it is
/// not known.
inline bool find_ascii([[maybe_unused]] PyObject* text, [[maybe_unused]] std::string_view& bytes) {
#ifndef Py_LIMITED_API
  if (PyUnicode_IS_COMPACT_ASCII(text)) {
    bytes = {static_cast<const char*>(PyUnicode_DATA(text)),
             static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
    return true;
  }
#endif
  return false;
}
/// The function by which the garbage collector finds the objects to which one of this type refers;
/// null if there are none.
inline traverseproc traverse_of(PyTypeObject* type) {
#ifdef Py_LIMITED_API
  return reinterpret_cast<traverseproc>(PyType_GetSlot(type, Py_tp_traverse));
#else
  return type->tp_traverse;
#endif
}
/// Begins to fetch the first objects to which an object refers into the cache.
inline void fetch_referents(PyObject* object) {
  constexpr int most = 8;
  if (const OwnValues own = own_values(object); own.values != nullptr) {
    for (std::size_t i = 0; i < own.count && i < most; ++i) {
      __builtin_prefetch(own.value(i), 1);
    }
    return;
  }
  const auto fetch = [](PyObject* referent, void* left) {
    __builtin_prefetch(referent, 1);
    return --*static_cast<int*>(left) == 0 ? 1 : 0;
  };
  int left = most;
  if (const traverseproc traverse = traverse_of(Py_TYPE(object))) {
    traverse(object, fetch, &left);
  }
}
/// The sum of two objects, of which the second is an int. Null, with an exception, if there is
/// none.
inline PyObject* sum_with_int(PyObject* a, PyObject* number) {
#ifndef Py_LIMITED_API
  if (PyLong_CheckExact(a)) {
    return PyLong_Type.tp_as_number->nb_add(a, number);
  }
#endif
  return PyNumber_Add(a, number);
}

}  // namespace wallaroo::python
