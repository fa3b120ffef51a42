#include "python/objects/record.hpp"

#include <fmt/format.h>

#include "python/objects/error.hpp"
#include "record/describe.hpp"

namespace wallaroo::python {

void append_description_of(std::string& out, const PyRecord& record) {
  constexpr std::size_t most_bytes = internal::most_shown_bytes - 3;  // messages cut longer texts
  if (record.get() == nullptr) {
    out += "(nothing)";
    return;
  }
  const GilScope scope;
  PyObject* const text = PyObject_Repr(record.get());
  Py_ssize_t size = 0;
  const char* const bytes = text == nullptr ? nullptr : PyUnicode_AsUTF8AndSize(text, &size);
  if (bytes == nullptr) {
    PyErr_Clear();
    out += fmt::format("<{} object whose repr() fails>", type_name(record.get()));
  } else if (static_cast<std::size_t>(size) > most_bytes) {
    std::size_t end = most_bytes;
    while (end != 0 && (static_cast<unsigned char>(bytes[end]) & 0xC0U) == 0x80U) {
      --end;  // not in the middle of a character
    }
    out.append(bytes, end);
    out += "...";
  } else {
    out.append(bytes, static_cast<std::size_t>(size));
  }
  Py_XDECREF(text);
}

std::any dead_letter_object(const PyRecord& record) {
  // The letter goes its own way, so it has no marks.
  return record.get() == nullptr ? std::any() : std::any(PyRecord::share(record.get()));
}

std::any dead_letter_object(const PyRecord* left, const PyRecord* right) {
  const auto object_of = [](const PyRecord* record) {
    return record == nullptr || record->get() == nullptr ? Py_None : record->get();
  };
  return PyRecord::steal(checked(PyTuple_Pack(2, object_of(left), object_of(right))));
}

}  // namespace wallaroo::python
