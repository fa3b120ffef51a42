// Decoders: functions of the user, and ready ones that call no function of Python's.
#pragma once

#include <Python.h>

#include <optional>
#include <string_view>
#include <utility>

#include "python/functions/json_reader.hpp"
#include "python/functions/struct_reader.hpp"
#include "python/functions/test_taps.hpp"
#include "python/objects/callable.hpp"
#include "python/objects/record.hpp"

namespace wallaroo::python {

enum class Decoding {
  function,  ///< the function takes bytes; the record is what it returns, unless that is None
  text,      ///< str from UTF-8
  raw,       ///< bytes
  loads,     ///< as `function`, but None is a record, too
  json,      ///< what the text of JSON stands for
  structure  ///< the values of a format of the module struct
};

/// Makes a record of a frame, or nothing. A ready decoder leaves to its function the frames that it
/// does not read, which are mostly those that are an error.
struct Decoder {
  Decoding decoding = Decoding::function;
  Shared function = {};
  std::optional<StructReader> layout = {};  ///< of `structure`
  Shared make = {};                         ///< of `structure`: makes the record of the values
  mutable JsonReader json = {};             ///< of `json`

  std::optional<PyRecord> operator()(std::string_view frame) const {
    if (TestTaps* const taps = test_taps(); taps != nullptr && taps->pushed) [[unlikely]] {
      return std::exchange(taps->pushed, std::nullopt);
    }
    const auto size = static_cast<Py_ssize_t>(frame.size());
    switch (decoding) {
      case Decoding::text:
        return PyRecord::steal(checked(PyUnicode_DecodeUTF8(frame.data(), size, nullptr)));
      case Decoding::raw:
        return bytes_of(frame);
      case Decoding::json:
        if (PyObject* const read = json.read(frame)) {
          return PyRecord::steal(read);
        }
        break;
      case Decoding::structure:
        if (frame.size() == layout->size()) {
          return layout->read(frame, make);
        }
        break;
      default:
        break;
    }
    PyRecord made = call(function, bytes_of(frame).get());
    if (decoding == Decoding::function && made.get() == Py_None) {
      return std::nullopt;
    }
    return made;
  }

 private:
  static PyRecord bytes_of(std::string_view frame) {
    return PyRecord::steal(
        checked(PyBytes_FromStringAndSize(frame.data(), static_cast<Py_ssize_t>(frame.size()))));
  }
};

}  // namespace wallaroo::python
