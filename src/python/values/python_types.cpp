#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;

namespace {

const PythonTypes* all_types = nullptr;  // constant after the import of the module

nb::object attribute_or_none(nb::handle object, const char* name) {
  return nb::getattr(object, name, nb::none());
}

nb::object interned(const char* text) { return owned(PyUnicode_InternFromString(text)); }

void import_times(PythonTypes& types) {
  const nb::module_ times = nb::module_::import_("datetime");
  types.date = times.attr("date");
  types.datetime = times.attr("datetime");
  types.time = times.attr("time");
  types.timedelta = times.attr("timedelta");
  types.timezone = times.attr("timezone");
  types.utc = types.timezone.attr("utc");
  types.first_datetime = types.datetime(1, 1, 1);
  types.first_utc_datetime = types.datetime(1, 1, 1, 0, 0, 0, 0, types.utc);
}

void import_classes(PythonTypes& types) {
  const nb::object object = nb::borrow(reinterpret_cast<PyObject*>(&PyBaseObject_Type));
  types.object_new = object.attr("__new__");
  types.object_reduce = object.attr("__reduce__");
  types.object_reduce_ex = object.attr("__reduce_ex__");
  types.object_getstate = attribute_or_none(object, "__getstate__");
  types.generic = nb::module_::import_("typing").attr("Generic");
  types.get_slot_names = nb::module_::import_("copyreg").attr("_slotnames");
  const nb::module_ dataclasses = nb::module_::import_("dataclasses");
  types.dataclass_getstate = attribute_or_none(dataclasses, "_dataclass_getstate");
  types.dataclass_setstate = attribute_or_none(dataclasses, "_dataclass_setstate");
  types.dataclass_missing = dataclasses.attr("MISSING");
  types.plain_dealloc = PyType_GetSlot(
      reinterpret_cast<PyTypeObject*>(nb::module_::import_("string").attr("Formatter").ptr()),
      Py_tp_dealloc);
}

void import_collections(PythonTypes& types) {
  const nb::module_ collections = nb::module_::import_("collections");
  types.deque = collections.attr("deque");
  types.ordered_dict = collections.attr("OrderedDict");
  types.counter = collections.attr("Counter");
  types.defaultdict = collections.attr("defaultdict");
  // Their numbers are stored: new ones go to the end. docs/formats/python-values.md has the list.
  types.factories.push_back(nb::none());
  const nb::module_ builtins = nb::module_::import_("builtins");
  for (const char* const name : {"list", "dict", "set", "int", "float", "str", "bytes", "bool",
                                 "tuple", "frozenset", "bytearray"}) {
    types.factories.push_back(builtins.attr(name));
  }
  for (const nb::object& one :
       {types.deque, types.ordered_dict, types.counter, types.defaultdict}) {
    types.factories.push_back(one);
  }
}

}  // namespace

void import_python_types() {
  auto* const types = new PythonTypes;
  const nb::module_ enums = nb::module_::import_("enum");
  types->enum_type = enums.attr("Enum");
  types->flag_type = enums.attr("Flag");
  types->enum_names_text = interned("_name_");
  types->enum_value_text = interned("_value_");
  types->member_map_text = interned("_member_map_");
  types->no_arguments = nb::make_tuple();
  import_times(*types);
  import_classes(*types);
  import_collections(*types);
  types->decimal = nb::module_::import_("decimal").attr("Decimal");
  const nb::module_ uuids = nb::module_::import_("uuid");
  types->uuid = uuids.attr("UUID");
  types->uuid_int_text = interned("int");
  types->uuid_safe_text = interned("is_safe");
  types->uuid_safe_unknown = uuids.attr("SafeUUID").attr("unknown");
  const nb::module_ pickling = nb::module_::import_("wallaroo._pickling");
  types->dumps = pickling.attr("dumps");
  types->loads = pickling.attr("loads");
  all_types = types;
}

const PythonTypes& python_types() { return *all_types; }

void Utf8::encode(PyObject* text) {
#ifdef Py_LIMITED_API
  Py_ssize_t size = 0;
  if (const char* const bytes = PyUnicode_AsUTF8AndSize(text, &size)) {
    view_ = {bytes, static_cast<std::size_t>(size)};
    return;
  }
  PyErr_Clear();
#endif
  // PyUnicode_AsUTF8AndSize would keep a copy in the string for as long as that lives.
  holder_ = owned(PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass"));
  view_ = {PyBytes_AsString(holder_.ptr()), static_cast<std::size_t>(PyBytes_Size(holder_.ptr()))};
}

nb::object bytes_of_long(PyObject* number) {
  // A subclass may have changed these functions of int.
  const nb::handle type(reinterpret_cast<PyObject*>(&PyLong_Type));
  const nb::object bits = type.attr("bit_length")(nb::handle(number));
  const auto size = nb::cast<std::size_t>(bits) / 8 + 1;
  return type.attr("to_bytes")(nb::handle(number), size, "little", nb::arg("signed") = true);
}

nb::object long_of_bytes(std::string_view bytes) {
  const nb::handle type(reinterpret_cast<PyObject*>(&PyLong_Type));
  return type.attr("from_bytes")(nb::bytes(bytes.data(), bytes.size()), "little",
                                 nb::arg("signed") = true);
}

std::string name_for_messages(PyTypeObject* type) {
  const nb::str name(nb::handle(reinterpret_cast<PyObject*>(type)).attr("__qualname__"));
  return std::string(Utf8(name.ptr()).view());
}

nb::object in_class(nb::handle type, nb::handle name) {
  const nb::object bases = type.attr("__mro__");
  for (const nb::handle base : nb::borrow<nb::tuple>(bases)) {
    const nb::object own = base.attr("__dict__");
    if (PySequence_Contains(own.ptr(), name.ptr()) == 1) {
      return owned(PyObject_GetItem(own.ptr(), name.ptr()));
    }
  }
  PyErr_Clear();
  return {};
}

void raise_recursion_error(const char* what) {
  PyErr_SetString(PyExc_RecursionError, what);
  nb::raise_python_error();
}

}  // namespace wallaroo::python
