#include "python/functions/encoder.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "python/functions/test_taps.hpp"
#include "python/objects/access.hpp"
#include "python/values/codec.hpp"

namespace wallaroo::python {

namespace {

std::string_view utf8_of(PyObject* text) {
  if (std::string_view ascii; find_ascii(text, ascii)) [[likely]] {
    return ascii;
  }
  Py_ssize_t size = 0;
  const char* const bytes = PyUnicode_AsUTF8AndSize(text, &size);
  if (bytes == nullptr) {
    throw_python_error();
  }
  return {bytes, static_cast<std::size_t>(size)};
}

/// Appends str or bytes. Returns false for other objects.
bool append_bytes(PyObject* object, ByteWriter& out) {
  if (PyUnicode_Check(object) != 0) {
    out.append(utf8_of(object));
  } else if (PyBytes_Check(object) != 0) {
    char* bytes = nullptr;
    Py_ssize_t size = 0;
    checked(PyBytes_AsStringAndSize(object, &bytes, &size));
    out.append(std::string_view(bytes, static_cast<std::size_t>(size)));
  } else if (PyByteArray_Check(object) != 0) {
    out.append(std::string_view(PyByteArray_AsString(object),
                                static_cast<std::size_t>(PyByteArray_Size(object))));
  } else {
    return false;
  }
  return true;
}

bool append_result(PyObject* result, ByteWriter& out) {
  if (result == Py_None) {
    return false;
  }
  if (!append_bytes(result, out)) {
    throw_error(PyExc_TypeError,
                fmt::format("an encoder must return bytes, str or None, but this one returned {}",
                            type_name(result)));
  }
  return true;
}

void append_text(PyObject* object, ByteWriter& out) {
  if (!append_bytes(object, out)) {
    append_bytes(PyRecord::steal(checked(PyObject_Str(object))).get(), out);
  }
}

/// As append_text, which it takes less time than.
void append_field(PyObject* field, ByteWriter& out) {
  if (PyLong_CheckExact(field) != 0) {
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(field, &overflow);
    if (overflow == 0) {
      number >= 0 ? out.decimal(static_cast<unsigned long long>(number)) : out.decimal(number);
      return;
    }
  }
  const PyRecord held = PyRecord::share(field);
  append_text(field, out);
}

void append_fields(PyObject* record, const std::string& separator, ByteWriter& out) {
  const bool is_tuple = PyTuple_Check(record) != 0;
  if (!is_tuple && PyList_Check(record) == 0) {
    throw_error(
        PyExc_TypeError,
        fmt::format("the encoder `fields` takes tuples and lists, but the record is of type {}",
                    type_name(record)));
  }
  // To make the text of a field may call a function of the user, which changes the list.
  for (Py_ssize_t i = 0; i < (is_tuple ? size_of_tuple(record) : size_of_list(record)); ++i) {
    if (i != 0) {
      out.append(separator);
    }
    append_field(is_tuple ? item_of_tuple(record, i) : item_of_list(record, i), out);
  }
  out.append('\n');
}

bool append(const Encoder& encoder, const PyRecord& record, ByteWriter& out) {
  switch (encoder.encoding) {
    case Encoding::function:
      return append_result(call(encoder.function, record.get()).get(), out);
    case Encoding::text:
      append_text(record.get(), out);
      return true;
    case Encoding::line:
      append_text(record.get(), out);
      out.append("\n");
      return true;
    case Encoding::value:
      out.append(translated([&] { return encode(record.get()); }));
      return true;
    case Encoding::fields:
      append_fields(record.get(), encoder.separator, out);
      return true;
    case Encoding::json_line:
      append_bytes(call(encoder.function, record.get()).get(), out);
      out.append("\n");
      return true;
  }
  return false;
}

}  // namespace

bool Encoder::operator()(const PyRecord& record, ByteWriter& out) const {
  if (TestTaps* const taps = test_taps()) [[unlikely]] {
    taps->records[sink].push_back(PyRecord::share(record.get()));
  }
  if (!prefixed) {
    return append(*this, record, out);
  }
  std::string bytes;
  ByteWriter body(bytes);
  const bool any = append(*this, record, body);
  body.close();
  if (any) {
    out.big_endian(static_cast<std::uint32_t>(bytes.size())).append(bytes);
  }
  return any;
}

}  // namespace wallaroo::python
