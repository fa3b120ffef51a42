// The module wallaroo._engine.
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <wallaroo/run.hpp>

NB_MODULE(_engine, module) {
  module.doc() = "The engine of wallaroo, for the package wallaroo; its names may change.";
  module.attr("__version__") = std::string(wallaroo::version());
}
