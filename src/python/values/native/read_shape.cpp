#include "python/values/native/read_shape.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "python/values/class_registry.hpp"
#include "python/values/native/type_plan.hpp"
#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;
using internal::StoredReader;

namespace {

nb::object interned(std::string_view text) {
  PyObject* name = text_of_utf8(text).release().ptr();
  PyUnicode_InternInPlace(&name);
  return nb::steal(name);
}

/// True when setting the attribute would not simply store it: when the class has something under
/// this name that takes the value, and is not a slot.
bool is_intercepted(nb::handle type, nb::handle name) {
  const nb::object found = in_class(type, name);
  return found.is_valid() && nb::hasattr(found, "__set__") &&
         Py_TYPE(found.ptr()) != &PyMemberDescr_Type;
}

/// True when the instances of today's class have a place for the attribute.
bool has_place(nb::handle type, nb::handle name) {
  if (nb::cast<long long>(type.attr("__dictoffset__")) != 0) {
    return true;
  }
  const nb::object found = in_class(type, name);
  return found.is_valid() && Py_TYPE(found.ptr()) == &PyMemberDescr_Type;
}

void find_defaults(ReadShape& shape) {
  const nb::object fields = nb::getattr(shape.type, "__dataclass_fields__", nb::none());
  if (PyDict_Check(fields.ptr()) == 0) {
    return;
  }
  const nb::object missing = python_types().dataclass_missing;
  for (const auto& [name, field] : nb::borrow<nb::dict>(fields)) {
    PyObject* const wanted = name.ptr();  // clang 14 captures no structured bindings
    const bool stored = std::any_of(
        shape.attributes.begin(), shape.attributes.end(), [wanted](const auto& attribute) {
          return PyObject_RichCompareBool(attribute.name.ptr(), wanted, Py_EQ) == 1;
        });
    const nb::object kind = field.attr("_field_type").attr("name");
    if (stored || PyUnicode_CompareWithASCIIString(kind.ptr(), "_FIELD") != 0) {
      continue;
    }
    const nb::object value = field.attr("default");
    const nb::object factory = field.attr("default_factory");
    if (!value.is(missing)) {
      shape.defaults.push_back({nb::borrow(name), value, false});
    } else if (!factory.is(missing)) {
      shape.defaults.push_back({nb::borrow(name), factory, true});
    }
  }
}

void find_attributes(ReadShape& shape, const ShapeText& text) {
  shape.slots = text.slots;
  for (const std::string_view name : text.names) {
    nb::object attribute = interned(name);
    const bool into_dict = is_intercepted(shape.type, attribute);
    if (!shape.set_state.is_valid() && !has_place(shape.type, attribute)) {
      throw StoredError(fmt::format(
          "a stored object of class {} has the attribute {}, for which today's class has no slot; "
          "add the slot again, or a __setstate__ that takes the old attributes",
          text.class_name, name));
    }
    shape.attributes.push_back({std::move(attribute), into_dict});
  }
}

}  // namespace

ShapeText read_definition(StoredReader& in) {
  ShapeText text;
  text.class_name = in.get_string();
  text.slots = in.get_count(1);
  const std::size_t names = in.get_count(1);
  if (text.slots > names) {
    throw StoredError("a stored class has more slots than attributes");
  }
  text.names.reserve(names);
  for (std::size_t i = 0; i < names; ++i) {
    text.names.push_back(in.get_string());
  }
  return text;
}

std::shared_ptr<const ReadShape> make_read_shape(ClassRegistry& classes, const ShapeText& text) {
  auto shape = std::make_shared<ReadShape>();
  shape->type = classes.find(text.class_name);
  PyTypeObject* const type = shape->python_type();
  if (is_subtype(type, python_types().enum_type)) {
    shape->members = shape->type.attr(python_types().member_map_text);
    return shape;
  }
  if (const CodecFunctions functions = classes.functions_of(shape->type)) {
    shape->decode = functions.decode;
  }
  const nb::object set_state = nb::getattr(shape->type, "__setstate__", nb::none());
  if (!set_state.is_none() && !set_state.is(python_types().dataclass_setstate)) {
    shape->set_state = set_state;
  }
  shape->is_instance = is_made_of_attributes(type);
  if (shape->is_instance) {
    find_attributes(*shape, text);
    find_defaults(*shape);
  }
  return shape;
}

}  // namespace wallaroo::python
