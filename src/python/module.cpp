// The module wallaroo._engine.

#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <wallaroo/run.hpp>

#include "python/bindings.hpp"
#include "python/values/bind_values.hpp"

NB_MODULE(_engine, module) {
  using namespace wallaroo::python;  // NOLINT: only here
  // Functions of the user that refer to their application are kept until the process ends.
  nanobind::set_leak_warnings(false);
  module.doc() = "The engine of wallaroo, for the package wallaroo; its names may change.";
  module.attr("__version__") = std::string(wallaroo::version());
  bind_values(module);
  bind_errors(module);
  bind_connectors(module);
  bind_application(module);
  bind_engine(module);
  bind_harness(module);
}
