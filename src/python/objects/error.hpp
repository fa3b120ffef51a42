// Exceptions that cross between Python and the engine.
#pragma once

#include <Python.h>

#include <memory>
#include <stdexcept>
#include <string>

#include <nanobind/nanobind.h>

#include "python/objects/record.hpp"

namespace wallaroo::python {

/// A Python exception as the engine sees it: the text is "ValueError: bad price". The exception
/// itself is kept, so that the run can name it as the cause when the application fails, and dead
/// letters can have its traceback.
class PythonError : public std::runtime_error {
 public:
  /// Requires the lock.
  PythonError(const std::string& text, const PyRecord& exception)
      : std::runtime_error(text), exception_(std::make_shared<const PyRecord>(exception)) {}

  PyObject* exception() const { return exception_->get(); }

 private:
  std::shared_ptr<const PyRecord> exception_;  // any thread may copy and destroy the error
};

/// Throws PythonError for the exception that Python has set, which is cleared. SystemExit and
/// KeyboardInterrupt stop the application whatever the policy of the stage is: for them it throws
/// StageFailure. Requires the lock.
[[noreturn]] void throw_python_error();
/// Raises an exception of this type and throws as above.
[[noreturn]] void throw_error(PyObject* type, const std::string& message);
/// The object, or throws as above when it is null.
inline PyObject* checked(PyObject* object) {
  if (object == nullptr) [[unlikely]] {
    throw_python_error();
  }
  return object;
}
/// For functions of the C API that return -1 when they fail.
inline int checked(int result) {
  if (result < 0) [[unlikely]] {
    throw_python_error();
  }
  return result;
}

/// Runs `work`, which may throw exceptions of nanobind, and throws PythonError for them as above.
template <class Work>
auto translated(Work&& work) {
  try {
    return work();
  } catch (nanobind::python_error& error) {
    error.restore();
    throw_python_error();
  } catch (const nanobind::builtin_exception& error) {
    throw_error(
        error.type() == nanobind::exception_type::value_error ? PyExc_ValueError : PyExc_TypeError,
        error.what());
  }
}

/// An exception that was kept, and its text.
struct Cause {
  PyObject* exception;  ///< a new reference; null when there is none
  std::string text;
};
/// The most recent exception whose text is part of `message`. Forgets all of them. Requires the
/// lock.
Cause take_cause(const std::string& message);
/// Forgets the exceptions that were kept. Requires the lock.
void forget_causes();

/// The name of the object's type, for messages.
std::string type_name(PyObject* object);

}  // namespace wallaroo::python
