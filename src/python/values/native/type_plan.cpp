#include "python/values/native/type_plan.hpp"

#include <fmt/format.h>

#include "python/values/python_types.hpp"
#include "record/stored/stored_bytes.hpp"

namespace wallaroo::python {

namespace nb = nanobind;
using internal::StoredWriter;

namespace {

nb::handle object_of_type(PyTypeObject* type) {
  return nb::handle(reinterpret_cast<PyObject*>(type));
}

/// True when a class statement made the class, so that its objects have no hidden fields.
bool is_made_by_statement(PyTypeObject* type) {
  return (PyType_GetFlags(type) & Py_TPFLAGS_HEAPTYPE) != 0 &&
         PyType_GetSlot(type, Py_tp_dealloc) == python_types().plain_dealloc;
}

bool are_made_by_statements(PyTypeObject* type) {
  const nb::object bases = nb::getattr(object_of_type(type), "__mro__");
  for (const nb::handle base : nb::borrow<nb::tuple>(bases)) {
    auto* const base_type = reinterpret_cast<PyTypeObject*>(base.ptr());
    if (base_type != &PyBaseObject_Type && !base.is(python_types().generic) &&
        !is_made_by_statement(base_type)) {
      return false;
    }
  }
  return true;
}

/// The attribute of a class is the one that object has, or does not exist if object has none.
bool is_default(nb::handle type, const char* name, nb::handle of_object) {
  const nb::object own = nb::getattr(type, name, nb::none());
  return own.is(of_object);
}

bool has_default_state(nb::handle type) {
  const PythonTypes& types = python_types();
  const nb::object own = nb::getattr(type, "__getstate__", nb::none());
  if (!own.is_none() && own.is(types.dataclass_getstate)) {
    return nb::getattr(type, "__setstate__", nb::none()).is(types.dataclass_setstate);
  }
  return own.is(types.object_getstate) && !nb::hasattr(type, "__setstate__");
}

bool is_in_dispatch_table(nb::handle type) {
  const nb::object table = nb::module_::import_("copyreg").attr("dispatch_table");
  return PyDict_Contains(table.ptr(), type.ptr()) == 1;
}

/// Finds the slots of the class, and whether its objects have a `__dict__`.
void find_attributes(TypePlan& plan, PyTypeObject* type) {
  const nb::object names = python_types().get_slot_names(object_of_type(type));
  for (const nb::handle name : names) {
    PyObject* interned = nb::borrow(name).release().ptr();
    PyUnicode_InternInPlace(&interned);
    plan.slot_names.push_back(nb::steal(interned));
  }
  plan.has_dict = nb::cast<long long>(object_of_type(type).attr("__dictoffset__")) != 0;
}

Kind kind_of_builtin(PyTypeObject* type) {
  const PythonTypes& types = python_types();
  const std::pair<PyObject*, Kind> kinds[] = {
      {reinterpret_cast<PyObject*>(&PyBytes_Type), Kind::bytes},
      {reinterpret_cast<PyObject*>(&PyByteArray_Type), Kind::bytearray},
      {reinterpret_cast<PyObject*>(&PyList_Type), Kind::list},
      {reinterpret_cast<PyObject*>(&PyTuple_Type), Kind::tuple},
      {reinterpret_cast<PyObject*>(&PyDict_Type), Kind::dict},
      {reinterpret_cast<PyObject*>(&PySet_Type), Kind::set},
      {reinterpret_cast<PyObject*>(&PyFrozenSet_Type), Kind::frozenset},
      {types.deque.ptr(), Kind::deque},
      {types.ordered_dict.ptr(), Kind::ordered_dict},
      {types.counter.ptr(), Kind::counter},
      {types.defaultdict.ptr(), Kind::defaultdict},
      {types.date.ptr(), Kind::date},
      {types.datetime.ptr(), Kind::datetime},
      {types.time.ptr(), Kind::time},
      {types.timedelta.ptr(), Kind::timedelta},
      {types.decimal.ptr(), Kind::decimal},
      {types.uuid.ptr(), Kind::uuid},
  };
  for (const auto& [known, kind] : kinds) {
    if (known == reinterpret_cast<PyObject*>(type)) {
      return kind;
    }
  }
  return Kind::pickled;
}

/// NumPy is recognised when the application has imported it.
Kind kind_of_numpy(nb::handle type) {
  PyObject* const numpy =
      PyDict_GetItemString(nb::module_::import_("sys").attr("modules").ptr(), "numpy");
  if (numpy == nullptr || !nb::hasattr(numpy, "ndarray") || !nb::hasattr(numpy, "generic")) {
    return Kind::pickled;
  }
  if (type.is(nb::handle(numpy).attr("ndarray"))) {
    return Kind::numpy_array;
  }
  const nb::object module = nb::getattr(type, "__module__", nb::none());
  const bool is_own = PyUnicode_Check(module.ptr()) != 0 &&
                      PyUnicode_CompareWithASCIIString(module.ptr(), "numpy") == 0;
  return is_own && is_subtype(reinterpret_cast<PyTypeObject*>(type.ptr()),
                              nb::handle(numpy).attr("generic"))
             ? Kind::numpy_scalar
             : Kind::pickled;
}

bool is_written_by_name(Kind kind) {
  return kind == Kind::instance || kind == Kind::enum_member || kind == Kind::flag ||
         kind == Kind::registered;
}

Kind kind_of_class(PyTypeObject* type) {
  const PythonTypes& types = python_types();
  if (is_subtype(type, types.enum_type)) {
    return is_subtype(type, types.flag_type) ? Kind::flag : Kind::enum_member;
  }
  return is_plain(type) ? Kind::instance : kind_of_numpy(object_of_type(type));
}

}  // namespace

bool is_made_of_attributes(PyTypeObject* type) {
  return are_made_by_statements(type) &&
         is_default(object_of_type(type), "__new__", python_types().object_new);
}

bool is_plain(PyTypeObject* type) {
  const PythonTypes& types = python_types();
  const nb::handle object = object_of_type(type);
  return is_made_of_attributes(type) && is_default(object, "__reduce__", types.object_reduce) &&
         is_default(object, "__reduce_ex__", types.object_reduce_ex) &&
         !nb::hasattr(object, "__getnewargs__") && !nb::hasattr(object, "__getnewargs_ex__") &&
         has_default_state(object) && !is_in_dispatch_table(object);
}

std::string definition_of(const std::string& class_name, std::size_t slots,
                          const std::vector<nb::object>& names) {
  StoredWriter out;
  out.put_length(class_name.size());
  out.put_bytes(class_name.data(), class_name.size());
  out.put_length(slots);
  out.put_length(names.size());
  for (const nb::object& name : names) {
    const Utf8 text(name.ptr());
    out.put_length(text.view().size());
    out.put_bytes(text.view().data(), text.view().size());
  }
  return out.take();
}

std::unique_ptr<TypePlan> make_plan(ClassRegistry& classes, PyTypeObject* type) {
  auto plan = std::make_unique<TypePlan>();
  plan->type = nb::borrow(object_of_type(type));
  if (const CodecFunctions functions = classes.functions_of(plan->type)) {
    plan->kind = Kind::registered;
    plan->encode = functions.encode;
  } else {
    plan->kind = kind_of_builtin(type);
    if (plan->kind == Kind::pickled) {
      plan->kind = kind_of_class(type);
    }
  }
  if (is_written_by_name(plan->kind)) {
    plan->name = classes.name_of(type);
    if (plan->name.empty()) {
      plan->kind = Kind::pickled;  // pickle says why it cannot be stored
    } else if (!classes.is_allowed(plan->name)) {
      throw nb::type_error(
          fmt::format("an object of class {} cannot be stored, because the application had not "
                      "imported its module when it started, so that it would not be found again "
                      "after a restart; import the module at the top of the application",
                      name_for_messages(type))
              .c_str());
    } else if (plan->kind == Kind::instance) {
      find_attributes(*plan, type);
    } else {
      plan->shapes.push_back(std::make_unique<Shape>());
      plan->shapes.front()->definition = definition_of(plan->name, 0, {});
    }
  }
  return plan;
}

}  // namespace wallaroo::python
