// What chains of Python objects are made of, see step/dynamic/receiver.hpp.
#pragma once

#include "python/objects/gil.hpp"
#include "python/objects/record.hpp"
#include "python/values/key.hpp"

namespace wallaroo::internal {
struct CarriedLetter;
}

namespace wallaroo::python {

struct PyTraits {
  using Record = PyRecord;
  using Key = PyKey;
  using Scope = GilScope;

  static int side_of(const PyRecord& record) { return record.side(); }
  static PyRecord late(PyRecord record) {
    record.set_late(true);
    return record;
  }
  /// A tuple (stage, error, traceback, record, origin).
  static PyRecord of(internal::CarriedLetter&& carried);
};

}  // namespace wallaroo::python
