// Engine, errors and counters for Python.

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

#include "python/bindings.hpp"
#include "python/objects/error.hpp"
#include "python/objects/gil.hpp"
#include "python/py_engine.hpp"

namespace nb = nanobind;

namespace wallaroo::python {

void bind_errors(nb::module_& module) {
  const auto error = nb::exception<Error>(module, "WallarooError", PyExc_Exception);
  nb::exception<ConfigError>(module, "ConfigError", error.ptr());
  nb::exception<IoError>(module, "IoError", error.ptr());
  nb::exception<StageError>(module, "StageError", error.ptr());
  nb::exception<StoredError>(module, "StoredError", error.ptr());
  // Of the user's own code, such as a source that raises when it is opened.
  nb::exception<PythonError>(module, "FailedCall", error.ptr());
  module.def("take_cause", [](const std::string& message) {
    const Cause cause = take_cause(message);
    return nb::make_tuple(
        cause.exception == nullptr ? nb::object(nb::none()) : nb::steal(cause.exception),
        cause.text);
  });
  module.def("forget_causes", &forget_causes);
  module.def("gil_counts", [] {
    const GilCounts counts = gil_counts();
    return nb::make_tuple(counts.acquired, counts.left_to_scopes);
  });
}

void bind_original(nb::module_& module) {
  nb::class_<OriginalOptions>(module, "OriginalOptions")
      .def(nb::init<>())
      .def_rw("hold_sources", &OriginalOptions::hold_sources)
      .def("push_metrics",
           [](OriginalOptions& self, const std::string& address, const std::string& worker) {
             self.metrics_push.address = address;
             self.metrics_push.worker = worker;
           })
      .def("listen", [](OriginalOptions& self, const std::string& address,
                        const std::string& worker, const std::map<std::string, int>& parallelism) {
        self.external.address = address;
        self.external.print = [](const std::string& text) {
          fmt::print("{}\n", text);
          std::fflush(stdout);
        };
        self.external.worker = worker;
        self.external.parallelism = parallelism;
      });
}

void bind_engine(nb::module_& module) {
  bind_original(module);
  nb::class_<PyEngine>(module, "Engine")
      .def(nb::init<PyApplication&, const std::vector<std::string>&, bool>())
      .def(
          nb::init<PyApplication&, const std::vector<std::string>&, bool, const OriginalOptions&>())
      .def_static("end_all", &PyEngine::end_all)
      .def("text", &PyEngine::text)
      .def("start", &PyEngine::start)
      .def("stop", &PyEngine::stop)
      .def("stop_now", &PyEngine::stop_now)
      .def("wait_for",
           [](PyEngine& self, double seconds) -> nb::object {
             const auto outcome = self.wait_for(seconds);
             return outcome ? nb::object(nb::make_tuple(outcome->ok, outcome->error)) : nb::none();
           })
      .def("address", &PyEngine::address)
      .def("http_address", &PyEngine::http_address)
      .def("metrics_text", &PyEngine::metrics_text)
      .def("metrics_json", &PyEngine::metrics_json)
      .def("explain", &PyEngine::explain)
      .def("ready", &PyEngine::ready)
      .def("takes_checkpoints", &PyEngine::takes_checkpoints)
      .def("take_log", &PyEngine::take_log);
}

}  // namespace wallaroo::python
