// Functions of the user as the engine keeps and calls them.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "python/objects/error.hpp"
#include "python/objects/gil.hpp"
#include "python/objects/record.hpp"

namespace wallaroo::python {

/// A shared reference to an object, which any thread may copy and give up. Plans and executors copy
/// functions without the interpreter's lock.
class Shared {
 public:
  Shared() = default;
  /// Adds a reference. Requires the lock.
  explicit Shared(PyObject* object)
      : object_((Py_INCREF(object), object), [](PyObject* held) { drop(held); }) {}

  PyObject* get() const { return object_.get(); }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  std::shared_ptr<PyObject> object_;
};

/// Calls the function with these arguments, which it borrows. Throws PythonError, see
/// throw_python_error.
template <class... Arguments>
PyRecord call(const Shared& function, Arguments... arguments) {
  // The free place in front lets bound methods put their object there.
  std::array<PyObject*, sizeof...(Arguments) + 1> place = {nullptr, arguments...};
  return PyRecord::steal(
      checked(PyObject_Vectorcall(function.get(), place.data() + 1,
                                  sizeof...(Arguments) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr)));
}

}  // namespace wallaroo::python
