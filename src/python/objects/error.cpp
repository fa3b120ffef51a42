#include "python/objects/error.hpp"

#include <array>
#include <cstddef>
#include <mutex>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/stage_failure.hpp"

namespace wallaroo::python {

namespace {

struct Kept {
  std::string text;
  PyRecord exception;
};

/// True if the message has the text as a part of its own: at the beginning or behind ": ", and up
/// to the end or to a remark in brackets. "ValueError" is no part of "ValueError: bad price".
bool tells_of(std::string_view message, std::string_view text) {
  constexpr std::string_view separator = ": ";
  for (std::size_t at = message.find(text); at != std::string_view::npos;
       at = message.find(text, at + 1)) {
    const std::string_view rest = message.substr(at + text.size());
    if ((at == 0 || message.substr(0, at).ends_with(separator)) &&
        (rest.empty() || rest.starts_with(" ("))) {
      return true;
    }
  }
  return false;
}

/// The last few exceptions. They are only touched with the lock of the interpreter, so there is no
/// other; on an interpreter without it the mutex does its work.
class Causes {
 public:
  void keep(Kept one) {
    Kept before;
    {
      const std::lock_guard lock(mutex_);
      before = std::exchange(kept_[next_], std::move(one));
      next_ = (next_ + 1) % kept_.size();
    }
  }
  Kept take(std::string_view message) {
    std::array<Kept, most> all;
    std::size_t next = 0;
    {
      const std::lock_guard lock(mutex_);
      std::swap(all, kept_);
      next = std::exchange(next_, 0);
    }
    for (std::size_t back = 1; back <= most; ++back) {
      Kept& one = all[(next + most - back) % most];
      if (one.exception.get() != nullptr && tells_of(message, one.text)) {
        return std::move(one);
      }
    }
    return {};
  }

 private:
  static constexpr std::size_t most = 16;
  std::mutex mutex_;
  std::array<Kept, most> kept_;
  std::size_t next_ = 0;
};

Causes& causes() {
  // Lives as long as the process, because threads may fail while it ends.
  static auto* const all = new Causes;
  return *all;
}

/// The present exception with its traceback, as a new reference.
PyObject* fetch() {
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (value != nullptr && traceback != nullptr) {
    PyException_SetTraceback(value, traceback);
  }
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return value;
}

/// Exceptions of C++ carry their message up to the first null byte, so these are written as \0.
void append_without_nulls(std::string& out, std::string_view text) {
  for (const char each : text) {
    if (each == '\0') {
      out += "\\0";
    } else {
      out += each;
    }
  }
}

/// str(object), or what went wrong when that fails. Clears exceptions.
std::string text_of(PyObject* object) {
  PyObject* const text = PyObject_Str(object);
  if (text == nullptr) {
    PyErr_Clear();
    return "(its str() failed)";
  }
  Py_ssize_t size = 0;
  const char* const bytes = PyUnicode_AsUTF8AndSize(text, &size);
  std::string result;
  if (bytes == nullptr) {
    PyErr_Clear();
    result = "(its str() is not valid text)";
  } else {
    append_without_nulls(result, {bytes, static_cast<std::size_t>(size)});
  }
  Py_DECREF(text);
  return result;
}

}  // namespace

std::string type_name(PyObject* object) {
  PyObject* const name =
      PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(object)), "__name__");
  if (name == nullptr) {
    PyErr_Clear();
    return "object";
  }
  std::string text = text_of(name);
  Py_DECREF(name);
  return text;
}

void throw_python_error() {
  const PyRecord exception = PyRecord::steal(fetch());
  const std::string message = text_of(exception.get());
  std::string text = type_name(exception.get());
  if (!message.empty()) {
    text = fmt::format("{}: {}", text, message);
  }
  const bool ends = PyErr_GivenExceptionMatches(exception.get(), PyExc_SystemExit) != 0 ||
                    PyErr_GivenExceptionMatches(exception.get(), PyExc_KeyboardInterrupt) != 0;
  causes().keep({text, exception});
  if (ends) {
    throw internal::StageFailure(fmt::format("the application ends itself: {}", text));
  }
  throw PythonError(text, exception);
}

void throw_error(PyObject* type, const std::string& message) {
  PyErr_SetString(type, message.c_str());
  throw_python_error();
}

Cause take_cause(const std::string& message) {
  const GilScope scope;  // the others die inside of it
  Kept kept = causes().take(message);
  return {kept.exception.release(), std::move(kept.text)};
}

void forget_causes() {
  const GilScope scope;
  causes().take(std::string_view("\0", 1));
}

}  // namespace wallaroo::python
