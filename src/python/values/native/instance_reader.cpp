// Bytes to instances of classes and members of enums.
#include <fmt/format.h>

#include "python/values/native/value_reader.hpp"
#include "python/values/process_values.hpp"
#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;

namespace {

void set_attribute(PyObject* instance, const ReadShape::Attribute& attribute,
                   const nb::object& value) {
  if (!attribute.into_dict) [[likely]] {
    check_call(PyObject_GenericSetAttr(instance, attribute.name.ptr(), value.ptr()));
    return;
  }
  const nb::object dict = owned(PyObject_GenericGetDict(instance, nullptr));
  check_call(PyDict_SetItem(dict.ptr(), attribute.name.ptr(), value.ptr()));
}

void set_default(PyObject* instance, const ReadShape::Default& missing) {
  const nb::object value = missing.is_factory ? missing.value() : missing.value;
  check_call(PyObject_GenericSetAttr(instance, missing.name.ptr(), value.ptr()));
}

}  // namespace

std::shared_ptr<const ReadShape> ValueReader::read_shape() {
  const std::size_t number = read_number();
  if (number < shapes_.size()) {
    return shapes_[number];
  }
  if (number > shapes_.size()) {
    throw StoredError("stored bytes are broken: they refer to a class that is not there");
  }
  shapes_.push_back(values_.read_shape(in_));
  return shapes_.back();
}

nb::object ValueReader::read_instance() {
  const std::size_t number = std::exchange(remembering_, nothing);
  const std::shared_ptr<const ReadShape> shape = read_shape();
  if (!shape->is_instance) {
    throw StoredError(
        fmt::format("a stored value is an object of class {}, but objects of that "
                    "class cannot be made of their attributes alone",
                    name_for_messages(shape->python_type())));
  }
  nb::object instance = new_object(shape->python_type());
  if (number != nothing) {
    memo_[number] = instance;
  }
  if (shape->set_state.is_valid()) {
    read_state(instance, *shape);
  } else {
    read_attributes(instance.ptr(), *shape);
  }
  return instance;
}

void ValueReader::read_attributes(PyObject* instance, const ReadShape& shape) {
  for (const ReadShape::Attribute& attribute : shape.attributes) {
    set_attribute(instance, attribute, read());
  }
  for (const ReadShape::Default& missing : shape.defaults) {
    set_default(instance, missing);
  }
}

// The class has got a __setstate__ since the value was stored. It is given what pickle would give.
void ValueReader::read_state(const nb::object& instance, const ReadShape& shape) {
  nb::dict slots;
  nb::dict others;
  for (std::size_t i = 0; i < shape.attributes.size(); ++i) {
    const nb::object value = read();
    check_call(PyDict_SetItem((i < shape.slots ? slots : others).ptr(),
                              shape.attributes[i].name.ptr(), value.ptr()));
  }
  if (shape.slots == 0) {
    shape.set_state(instance, others);
  } else {
    const nb::object rest = others.size() == 0 ? nb::none() : nb::object(others);
    shape.set_state(instance, nb::make_tuple(rest, slots));
  }
}

nb::object ValueReader::read_member(Tag tag) {
  const std::shared_ptr<const ReadShape> shape = read_shape();
  const nb::object name = read();
  if (!shape->members.is_valid()) {
    throw StoredError(fmt::format("a stored value is a member of the Enum {}, which is no Enum",
                                  name_for_messages(shape->python_type())));
  }
  if (tag == Tag::flag) {
    if (PyLong_CheckExact(name.ptr()) == 0) {
      throw StoredError("stored bytes are broken: the value of a Flag is no int");
    }
    return shape->type(name);
  }
  PyObject* const member = PyObject_GetItem(shape->members.ptr(), name.ptr());
  if (member != nullptr) {
    return nb::steal(member);
  }
  PyErr_Clear();
  throw StoredError(fmt::format(
      "a stored value is the member {} of the Enum {}, which has no such "
      "member now; if it has another name, keep the old one as an alias",
      std::string(Utf8(nb::repr(name).ptr()).view()), name_for_messages(shape->python_type())));
}

}  // namespace wallaroo::python
