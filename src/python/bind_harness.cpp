// The test harness for Python.

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <wallaroo/testing.hpp>

#include "python/bindings.hpp"
#include "python/functions/test_taps.hpp"
#include "python/objects/gil.hpp"
#include "python/py_application.hpp"

namespace nb = nanobind;

namespace wallaroo::python {

namespace {

/// A harness that gives the interpreter's lock back while it works; its chains take it.
class PyHarness {
 public:
  PyHarness(PyApplication& application, std::optional<std::int64_t> start_ns, int executors,
            std::optional<testing::Checkpoint> restore, bool allow_dropped_state) {
    testing::HarnessOptions options;
    if (start_ns) {
      options.start = EventTime(std::chrono::nanoseconds(*start_ns));
    }
    options.executors = executors;
    options.restore = std::move(restore);
    options.allow_dropped_state = allow_dropped_state;
    const Application& finished = application.finished();
    const UseTaps taps(taps_);
    const GilRelease release;
    harness_ = std::make_unique<testing::Harness>(finished, options);
  }
  ~PyHarness() {
    const GilRelease release;
    harness_.reset();
  }
  PyHarness(const PyHarness&) = delete;
  PyHarness& operator=(const PyHarness&) = delete;

  void send(const std::string& source, nb::bytes frame) {
    const std::string bytes(frame.c_str(), frame.size());
    work([&] { harness_->send(source, bytes); });
  }
  void push(const std::string& source, const nb::object& record) {
    taps_.pushed = PyRecord::share(record.ptr());
    work([&] { harness_->send(source, {}); });
    taps_.pushed.reset();
  }
  void run() {
    work([&] { harness_->run(); });
  }
  void advance(std::int64_t by_ns) {
    work([&] { harness_->advance(std::chrono::nanoseconds(by_ns)); });
  }
  testing::Checkpoint checkpoint() {
    const GilRelease release;
    return harness_->checkpoint();
  }
  void end() {
    work([&] { harness_->end(); });
  }
  nb::list output(const std::string& sink) {
    nb::list records;
    for (const std::string& record : harness_->output(sink)) {
      records.append(nb::bytes(record.data(), record.size()));
    }
    return records;
  }
  nb::list records(const std::string& sink) {
    nb::list records;
    const GilScope scope;
    for (const PyRecord& record : std::exchange(taps_.records[sink], {})) {
      records.append(nb::borrow(record.get()));
    }
    return records;
  }
  std::string metrics_text() const { return harness_->metrics_text(); }

 private:
  template <class Work>
  void work(Work&& work) {
    const UseTaps taps(taps_);
    const GilRelease release;
    work();
  }

  DropAtEnd drop_at_end_;  // before all that holds references
  TestTaps taps_;
  std::unique_ptr<testing::Harness> harness_;
};

}  // namespace

void bind_harness(nb::module_& module) {
  nb::class_<testing::Checkpoint>(module, "Checkpoint")
      .def(nb::init<const std::string&>())
      .def_prop_ro("directory", &testing::Checkpoint::directory);
  nb::class_<PyHarness>(module, "Harness")
      .def(nb::init<PyApplication&, std::optional<std::int64_t>, int,
                    std::optional<testing::Checkpoint>, bool>(),
           nb::arg(), nb::arg().none(), nb::arg(), nb::arg().none(), nb::arg())
      .def("send", &PyHarness::send)
      .def("push", &PyHarness::push)
      .def("records", &PyHarness::records)
      .def("run", &PyHarness::run)
      .def("advance", &PyHarness::advance)
      .def("checkpoint", &PyHarness::checkpoint)
      .def("end", &PyHarness::end)
      .def("output", &PyHarness::output)
      .def("metrics_text", &PyHarness::metrics_text);
}

}  // namespace wallaroo::python
