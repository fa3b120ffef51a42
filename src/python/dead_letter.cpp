// Dead letters as Python sees them.
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <nanobind/nanobind.h>

#include "python/objects/error.hpp"
#include "python/traits.hpp"
#include "step/failures/failed_record.hpp"

namespace wallaroo::python {

namespace nb = nanobind;

namespace {

/// Errors may show any bytes.
nb::object text_of(std::string_view bytes) {
  return nb::steal(checked(PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()),
                                                "backslashreplace")));
}

nb::object bytes_of(std::string_view bytes) { return nb::bytes(bytes.data(), bytes.size()); }

/// The traceback as the interpreter prints it. That of an exception whose text cannot be had, or
/// whose files cannot be read, may be empty.
nb::object format_traceback(PyObject* exception) {
  try {
    const nb::object type = nb::borrow(reinterpret_cast<PyObject*>(Py_TYPE(exception)));
    const nb::object lines =
        nb::module_::import_("traceback")
            .attr("format_exception")(type, nb::handle(exception),
                                      nb::handle(exception).attr("__traceback__"));
    return text_of("").attr("join")(lines);
  } catch (nb::python_error& error) {
    error.discard_as_unraisable("the traceback of a dead letter");
    return text_of("");
  }
}

nb::object traceback_of(const std::exception_ptr& error) {
  if (error == nullptr) {
    return text_of("");
  }
  try {
    std::rethrow_exception(error);
  } catch (const PythonError& of_python) {
    return format_traceback(of_python.exception());
  } catch (...) {
    return text_of("");
  }
}

nb::object record_of(const internal::CarriedLetter& carried) {
  if (const auto* const record = std::any_cast<PyRecord>(&carried.object)) {
    return nb::borrow(record->get());
  }
  return carried.raw ? bytes_of(carried.letter.record) : text_of(carried.letter.record);
}

}  // namespace

PyRecord PyTraits::of(internal::CarriedLetter&& carried) {
  const nb::object letter = nb::make_tuple(
      text_of(carried.letter.stage), text_of(carried.letter.error), traceback_of(carried.error),
      record_of(carried), text_of(carried.letter.origin));
  carried = {};  // gives the record and the exception up while the lock is held
  return PyRecord::share(letter.ptr());
}

}  // namespace wallaroo::python
