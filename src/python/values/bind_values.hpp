// The functions of wallaroo._engine that encode values and make keys.
#pragma once

#include <nanobind/nanobind.h>

namespace wallaroo::python {

/// Also makes what the codec and the keys need; call before anything else of these is used.
void bind_values(nanobind::module_& module);

}  // namespace wallaroo::python
