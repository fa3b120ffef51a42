#include "python/values/class_registry.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <wallaroo/types/stored.hpp>

#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;

namespace {

std::string dotted(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), ':', '.');
  return text;
}

std::string_view module_of(std::string_view name) { return name.substr(0, name.find(':')); }

nb::object sys_modules() { return nb::module_::import_("sys").attr("modules"); }

}  // namespace

ClassRegistry::ClassRegistry()
    : added_(nb::dict()), found_(nb::dict()), functions_(nb::dict()), allowed_(nb::none()) {}

std::string ClassRegistry::name_of(PyTypeObject* type) const {
  const nb::handle object(reinterpret_cast<PyObject*>(type));
  const nb::object module = nb::getattr(object, "__module__", nb::none());
  const nb::object path = nb::getattr(object, "__qualname__", nb::none());
  if (PyUnicode_Check(module.ptr()) == 0 || PyUnicode_Check(path.ptr()) == 0) {
    return {};
  }
  const Utf8 module_text(module.ptr());
  const Utf8 path_text(path.ptr());
  const nb::object found = look_up(module_text.view(), path_text.view());
  if (found.ptr() != object.ptr()) {
    return {};
  }
  return fmt::format("{}:{}", module_text.view(), path_text.view());
}

nb::object ClassRegistry::look_up(std::string_view module, std::string_view path) const {
  PyObject* const there = PyDict_GetItemWithError(sys_modules().ptr(), text_of_utf8(module).ptr());
  if (there == nullptr) {
    if (PyErr_Occurred() != nullptr) {
      nb::raise_python_error();
    }
    return {};
  }
  nb::object found = nb::borrow(there);
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('.'), path.size());
    found = nb::getattr(found, text_of_utf8(path.substr(0, end)), nb::object());
    if (!found.is_valid()) {
      return {};
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return found;
}

nb::object ClassRegistry::find(std::string_view name) {
  const nb::object key = text_of_utf8(name);
  if (PyObject* const known = PyDict_GetItem(found_.ptr(), key.ptr())) {
    return nb::borrow(known);
  }
  if (PyObject* const added = PyDict_GetItem(added_.ptr(), text_of_utf8(dotted(name)).ptr())) {
    return nb::borrow(added);
  }
  const std::string_view module = module_of(name);
  const std::string_view path = name.substr(std::min(module.size() + 1, name.size()));
  if (!is_allowed(name)) {
    throw StoredError(
        fmt::format("a stored value is of the class {}, but the application had not imported the "
                    "module {} when "
                    "it started; import it at the top of the application",
                    dotted(name), module));
  }
  const nb::object found = path.empty() ? nb::object() : look_up(module, path);
  if (!found.is_valid() || PyType_Check(found.ptr()) == 0) {
    throw StoredError(fmt::format(
        "a stored value is of the class {0}, which was not found; if it has another name now, say "
        "so: wallaroo.register(NewClass, name=\"{0}\")",
        dotted(name)));
  }
  check_call(PyDict_SetItem(found_.ptr(), key.ptr(), found.ptr()));
  return found;
}

void ClassRegistry::add(std::string_view name, nb::handle type) {
  if (PyType_Check(type.ptr()) == 0) {
    throw nb::type_error("only a class can be registered under a name");
  }
  check_call(PyDict_SetItem(added_.ptr(), text_of_utf8(dotted(name)).ptr(), type.ptr()));
  PyDict_Clear(found_.ptr());
}

void ClassRegistry::add_functions(nb::handle type, nb::handle encode, nb::handle decode) {
  if (PyType_Check(type.ptr()) == 0) {
    throw nb::type_error("only a class can be registered");
  }
  const nb::object pair = nb::make_tuple(encode, decode);
  check_call(PyDict_SetItem(functions_.ptr(), type.ptr(), pair.ptr()));
}

CodecFunctions ClassRegistry::functions_of(nb::handle type) const {
  PyObject* const pair = PyDict_GetItem(functions_.ptr(), type.ptr());
  if (pair == nullptr) {
    return {};
  }
  return {nb::borrow(PyTuple_GetItem(pair, 0)), nb::borrow(PyTuple_GetItem(pair, 1))};
}

bool ClassRegistry::is_allowed(std::string_view name) const {
  const std::string_view module = module_of(name);
  if (allowed_.is_none() || module == "__main__") {
    return true;
  }
  const int found = PySet_Contains(allowed_.ptr(), text_of_utf8(module).ptr());
  check_call(found);
  return found == 1;
}

void ClassRegistry::allow_only_present_modules() {
  allowed_ = owned(PyFrozenSet_New(sys_modules().ptr()));
  PyDict_Clear(found_.ptr());
}

}  // namespace wallaroo::python
