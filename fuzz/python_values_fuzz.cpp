// Any bytes of a stored Python value, batch or key are read as an object or refused, and what was
// read can be written and read again. The interpreter runs inside of the fuzzer.
#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <nanobind/nanobind.h>
#include <wallaroo/types/stored.hpp>

#include "python/values/codec.hpp"
#include "python/values/key_object.hpp"
#include "python/values/process_values.hpp"
#include "python/values/python_types.hpp"

namespace nb = nanobind;

namespace {

// fuzz/corpus/python_values_fuzz/ names these classes.
constexpr const char* classes = R"(
import dataclasses, enum, sys, types
sys.modules["wallaroo._engine"] = None  # the package does without, and one codec is enough
module = types.ModuleType("fuzzed")
sys.modules["fuzzed"] = module
exec('''
import dataclasses, enum
class Plain:
    pass
class Slotted:
    __slots__ = ("a", "b")
class Restored:
    def __setstate__(self, state):
        self.state = state
class Side(enum.Enum):
    BUY = 1
    SELL = 2
class Mode(enum.Flag):
    READ = 1
    WRITE = 2
@dataclasses.dataclass
class Order:
    number: int
    lines: list = dataclasses.field(default_factory=list)
    note: str = "none"
''', module.__dict__)
)";

void check_status(const PyStatus& status) {
  if (PyStatus_Exception(status) != 0) {
    Py_ExitStatusException(status);
  }
}

/// Starts the interpreter for which the fuzzer was built, with all objects of their own in memory,
/// so that the sanitizer sees where they end.
void start_interpreter() {
  PyPreConfig before;
  PyPreConfig_InitPythonConfig(&before);
  before.allocator = PYMEM_ALLOCATOR_MALLOC;
  check_status(Py_PreInitialize(&before));
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  config.use_hash_seed = 1;
  config.hash_seed = 0;
  config.install_signal_handlers = 0;
  check_status(PyConfig_SetBytesString(&config, &config.program_name, WALLAROO_FUZZ_PYTHON));
  check_status(Py_InitializeFromConfig(&config));
  PyConfig_Clear(&config);
}

/// Runs `read`, which may refuse the bytes with an exception. True when it did not.
template <class Read>
bool is_taken(Read read) {
  try {
    read();
    return true;
  } catch (const wallaroo::StoredError&) {
  } catch (const nb::builtin_exception&) {
  } catch (nb::python_error& error) {
    if (error.matches(PyExc_SystemError)) {
      __builtin_trap();  // the C API was called in a wrong way
    }
  }
  return false;
}

/// Reads what was written for an object that was read. Only pickle may refuse to write it.
template <class Write, class Read>
void read_again(Write write, Read read) {
  std::string bytes;
  if (is_taken([&] { bytes = write(); }) && bytes[0] == '\1' && !is_taken([&] { read(bytes); })) {
    __builtin_trap();
  }
}

void try_value(std::string_view bytes) {
  nb::object value;
  if (is_taken([&] { value = wallaroo::python::decode(bytes); })) {
    read_again([&] { return wallaroo::python::encode(value.ptr()); },
               [](const std::string& again) { wallaroo::python::decode(again); });
  }
}

void try_batch(std::string_view bytes) {
  nb::list batch;
  if (is_taken([&] { batch = wallaroo::python::decode_batch(bytes); })) {
    read_again([&] { return wallaroo::python::encode_batch(batch); },
               [](const std::string& again) { wallaroo::python::decode_batch(again); });
  }
}

void try_key(std::string_view bytes) {
  nb::object key;
  if (is_taken([&] { key = wallaroo::python::object_of({std::string(bytes)}); }) &&
      !is_taken([&] { wallaroo::python::object_of(wallaroo::python::key_of(key.ptr())); })) {
    __builtin_trap();
  }
}

}  // namespace

// The interpreter keeps memory until the process ends.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

// nanobind is set up by the import of a module.
NB_MODULE(fuzzer, module) {
  module.doc() = "";
  wallaroo::python::import_python_types();
  wallaroo::python::make_process_values();
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  PyImport_AppendInittab("fuzzer", &PyInit_fuzzer);
  start_interpreter();
  if (PyRun_SimpleString(classes) != 0 || PyImport_ImportModule("fuzzer") == nullptr) {
    PyErr_Print();
    std::abort();
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  if (all.empty()) {
    return 0;
  }
  const std::string_view rest = all.substr(1);
  // Pickled bytes are not safe to read: form 1 is native.
  switch (all[0]) {
    case 'v':
      try_value("\1" + std::string(rest));
      break;
    case 'b':
      try_batch("\1" + std::string(rest));
      break;
    default:
      try_key(rest);
  }
  return 0;
}
