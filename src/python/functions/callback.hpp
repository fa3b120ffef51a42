// Sinks that are functions of the user.
#pragma once

#include "python/objects/callable.hpp"
#include "python/objects/record.hpp"

namespace wallaroo::python {

/// Calls function(record) for each record, and at the end `at_end()`, if it is there.
struct Callback {
  Shared function;
  Shared at_end = {};

  void operator()(const PyRecord& record) const { call(function, record.get()); }
  void finish() const {
    if (at_end) {
      call(at_end);
    }
  }
};

}  // namespace wallaroo::python
