// Instances of plain classes to bytes.
#include <algorithm>
#include <cstddef>

#include <boost/container/small_vector.hpp>

#include "python/values/native/inline_values.hpp"
#include "python/values/native/value_writer.hpp"
#include "python/values/process_values.hpp"
#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;

namespace {

/// A class whose instances have more different sets of attributes is left to pickle.
constexpr std::size_t most_shapes = 256;

/// The attributes of an instance at one moment.
struct Attributes {
  boost::container::small_vector<nb::object, 12> names;
  boost::container::small_vector<nb::object, 12> values;
  std::size_t slots = 0;
};

void find_slots(PyObject* instance, const TypePlan& plan, Attributes& found) {
  for (const nb::object& name : plan.slot_names) {
    PyObject* const value = PyObject_GenericGetAttr(instance, name.ptr());
    if (value != nullptr) {
      found.names.push_back(name);
      found.values.push_back(nb::steal(value));
    } else if (PyErr_ExceptionMatches(PyExc_AttributeError) != 0) {
      PyErr_Clear();
    } else {
      nb::raise_python_error();
    }
  }
  found.slots = found.names.size();
}

void find_in_dict(PyObject* instance, Attributes& found) {
  const nb::object dict = owned(PyObject_GenericGetDict(instance, nullptr));
  Py_ssize_t position = 0;
  PyObject* name = nullptr;
  PyObject* value = nullptr;
  while (PyDict_Next(dict.ptr(), &position, &name, &value) != 0) {
    found.names.push_back(nb::borrow(name));
    found.values.push_back(nb::borrow(value));
  }
}

bool has_names(const Shape& shape, const Attributes& attributes) {
  return shape.slots == attributes.slots &&
         std::equal(shape.names.begin(), shape.names.end(), attributes.names.begin(),
                    attributes.names.end(),
                    [](const nb::object& a, const nb::object& b) { return a.is(b); });
}

/// Makes equal names the same object. Returns false for a name that is no string.
bool intern(Attributes& attributes) {
  for (nb::object& name : attributes.names) {
    if (Py_TYPE(name.ptr()) != &PyUnicode_Type) {
      return false;
    }
    PyObject* text = name.release().ptr();
    PyUnicode_InternInPlace(&text);
    name = nb::steal(text);
  }
  return true;
}

/// The shape of these attributes, or null when there cannot be one.
Shape* shape_of(TypePlan& plan, Attributes& attributes) {
  if (plan.last_shape != nullptr && has_names(*plan.last_shape, attributes)) [[likely]] {
    return plan.last_shape;
  }
  if (!intern(attributes)) {
    return nullptr;
  }
  for (const auto& shape : plan.shapes) {
    if (has_names(*shape, attributes)) {
      return plan.last_shape = shape.get();
    }
  }
  if (plan.shapes.size() == most_shapes) {
    return nullptr;
  }
  auto shape = std::make_unique<Shape>();
  shape->names.assign(attributes.names.begin(), attributes.names.end());
  shape->slots = attributes.slots;
  shape->definition = definition_of(plan.name, shape->slots, shape->names);
  find_in_class(reinterpret_cast<PyTypeObject*>(plan.type.ptr()), *shape);
  plan.last_shape = shape.get();
  plan.shapes.push_back(std::move(shape));
  return plan.last_shape;
}

/// The places of an instance's attributes, before it gets a `__dict__` in which they are in the
/// same order. The values are only compared, because they may change when the `__dict__` is made.
struct KnownPlaces {
  Places places;
  InlineValues values{};

  explicit KnownPlaces(PyObject* instance) {
    const OwnValues own = own_values(instance);
    places = places_of(own);
    for (std::size_t i = 0; places.known() && i < places.count; ++i) {
      values[i] = own.value(i);
    }
  }
  /// Whether they are the places of these attributes.
  bool have(const Attributes& attributes) const {
    return attributes.slots == 0 && places.count == attributes.values.size() &&
           std::equal(attributes.values.begin(), attributes.values.end(), values.begin(),
                      [](const nb::object& a, PyObject* b) { return a.ptr() == b; });
  }
};

/// Finds the values of an instance without slots that has exactly the attributes of the shape, in
/// its `__dict__`. Returns false otherwise. The values are new references.
bool find_values(PyObject* dict, const Shape& shape, InlineValues& values) {
  const std::size_t size = shape.names.size();
  if (size > values.size() || shape.slots != 0 ||
      PyDict_Size(dict) != static_cast<Py_ssize_t>(size)) {
    return false;
  }
  Py_ssize_t position = 0;
  PyObject* name = nullptr;
  for (std::size_t i = 0; i < size; ++i) {
    if (PyDict_Next(dict, &position, &name, &values[i]) == 0 || name != shape.names[i].ptr()) {
      return false;
    }
  }
  std::for_each(values.begin(), values.begin() + size, [](PyObject* value) { Py_INCREF(value); });
  return true;
}

}  // namespace

bool ValueWriter::write_values(PyObject* const* values, std::size_t count) {
  bool written = true;
  std::size_t next = 0;
  try {
    for (; next < count && written; ++next) {
      written = write(values[next], 1);
    }
  } catch (...) {
    std::for_each(values, values + count, [](PyObject* value) { Py_DECREF(value); });
    throw;
  }
  std::for_each(values, values + count, [](PyObject* value) { Py_DECREF(value); });
  return written;
}

bool ValueWriter::write_instance(PyObject* instance, TypePlan& plan) {
  if (plan.last_shape != nullptr && plan.slot_names.empty() && plan.has_dict) [[likely]] {
    InlineValues values;
    const Shape* shape = find_values_in_places(instance, plan, values);
    if (shape == nullptr) {
      shape = find_inline_values(instance, plan, values);
    }
    if (shape == nullptr) {
      const nb::object dict = owned(PyObject_GenericGetDict(instance, nullptr));
      shape = find_values(dict.ptr(), *plan.last_shape, values) ? plan.last_shape : nullptr;
    }
    if (shape != nullptr) {
      put_shape(Tag::instance, *shape);
      return write_values(values.data(), shape->names.size());
    }
  }
  return write_instance_slowly(instance, plan);
}

bool ValueWriter::write_instance_slowly(PyObject* instance, TypePlan& plan) {
  Attributes attributes;
  find_slots(instance, plan, attributes);
  const KnownPlaces before(instance);
  if (plan.has_dict) {
    find_in_dict(instance, attributes);
  }
  Shape* const shape = shape_of(plan, attributes);
  if (shape == nullptr) {
    return false;
  }
  if (before.have(attributes)) {
    shape->places = before.places;
  }
  put_shape(Tag::instance, *shape);
  for (const nb::object& value : attributes.values) {
    if (!write(value.ptr(), 1)) {
      return false;
    }
  }
  return true;
}

void ValueWriter::put_shape(Tag tag, const Shape& shape) {
  const auto found = std::find(shapes_.begin(), shapes_.end(), &shape);
  put(tag);
  out_.put_length(static_cast<std::uint64_t>(found - shapes_.begin()));
  if (found == shapes_.end()) {
    shapes_.push_back(&shape);
    out_.put_bytes(shape.definition.data(), shape.definition.size());
  }
}

}  // namespace wallaroo::python
