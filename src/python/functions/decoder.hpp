// Decoders: functions of the user, and ready ones that call no function of Python's.
#pragma once

#include <Python.h>

#include <optional>
#include <string_view>
#include <utility>

#include "python/functions/test_taps.hpp"
#include "python/objects/callable.hpp"
#include "python/objects/record.hpp"

namespace wallaroo::python {

enum class Decoding {
  function,  ///< the function takes bytes; the record is what it returns, unless that is None
  text,      ///< str from UTF-8
  raw,       ///< bytes
  loads,     ///< as `function`, but None is a record, too
};

/// Makes a record of a frame, or nothing.
struct Decoder {
  Decoding decoding = Decoding::function;
  Shared function = {};

  std::optional<PyRecord> operator()(std::string_view frame) const {
    if (TestTaps* const taps = test_taps(); taps != nullptr && taps->pushed) [[unlikely]] {
      return std::exchange(taps->pushed, std::nullopt);
    }
    const auto size = static_cast<Py_ssize_t>(frame.size());
    if (decoding == Decoding::text) {
      return PyRecord::steal(checked(PyUnicode_DecodeUTF8(frame.data(), size, nullptr)));
    }
    PyRecord bytes = PyRecord::steal(checked(PyBytes_FromStringAndSize(frame.data(), size)));
    if (decoding == Decoding::raw) {
      return bytes;
    }
    PyRecord made = call(function, bytes.get());
    if (decoding == Decoding::function && made.get() == Py_None) {
      return std::nullopt;
    }
    return made;
  }
};

}  // namespace wallaroo::python
