// The parts of the module wallaroo._engine.
#pragma once

#include <nanobind/nanobind.h>

namespace wallaroo::python {

void bind_errors(nanobind::module_& module);
void bind_connectors(nanobind::module_& module);
void bind_application(nanobind::module_& module);
void bind_engine(nanobind::module_& module);
void bind_harness(nanobind::module_& module);

}  // namespace wallaroo::python
