#include "python/values/native/inline_values.hpp"

#include <algorithm>

#include "python/objects/access.hpp"
#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;

namespace {

/// Instances with more attributes are read from their `__dict__`: to make that takes less time than
/// to look up so many names.
constexpr std::size_t most_inline_values = 5;
/// How many shapes of a class are tried.
constexpr std::size_t most_tried = 8;

/// The objects to which an object refers, as it shows them to the garbage collector.
struct Visited {
  static constexpr std::size_t most = most_inline_values + 1;
  std::array<PyObject*, most> objects;
  std::size_t count = 0;

  static int add(PyObject* object, void* visited) {
    auto& all = *static_cast<Visited*>(visited);
    if (all.count == most) {
      return -1;
    }
    all.objects[all.count++] = object;
    return 0;
  }
};

/// Finds the values that the instance keeps itself, in no certain order. Returns false if it may
/// have a `__dict__`.
bool visit_values(PyObject* instance, Visited& visited) {
  PyTypeObject* const type = Py_TYPE(instance);
  const traverseproc traverse = traverse_of(type);
  if (traverse == nullptr || traverse(instance, &Visited::add, &visited) != 0 ||
      visited.count == 0) {
    return false;
  }
  // The class comes last. A `__dict__` would be visited instead of the values.
  --visited.count;
  return visited.objects[visited.count] == reinterpret_cast<PyObject*>(type) &&
         !(visited.count == 1 && PyDict_CheckExact(visited.objects[0]) != 0);
}

void give_up(const InlineValues& values, std::size_t count) {
  std::for_each(values.begin(), values.begin() + count, [](PyObject* value) { Py_DECREF(value); });
}

/// Finds the values by their names, among which may be values of the class.
bool read_values(PyObject* instance, const Shape& shape, InlineValues& values) {
  for (std::size_t i = 0; i < shape.names.size(); ++i) {
    values[i] = PyObject_GenericGetAttr(instance, shape.names[i].ptr());
    if (values[i] == nullptr) {
      PyErr_Clear();
      give_up(values, i);
      return false;
    }
  }
  return true;
}

bool are_same(const InlineValues& values, const Visited& visited) {
  const auto end = values.begin() + visited.count;
  return std::equal(values.begin(), end, visited.objects.begin()) ||
         std::is_permutation(values.begin(), end, visited.objects.begin());
}

/// The number of the present state of the class; 0 when it is not known.
unsigned version_of([[maybe_unused]] PyTypeObject* type) {
#ifdef Py_LIMITED_API
  return 0;
#else
  return type->tp_version_tag;
#endif
}

/// Whether the attribute is the instance's own, and not the class's. To store a value where it is
/// already changes nothing. Where it is not, the instance gets one value more, which is removed
/// again.
bool is_own(PyObject* instance, PyObject* name, PyObject* value, std::size_t count) {
  if (PyObject_GenericSetAttr(instance, name, value) != 0) {
    PyErr_Clear();
    return false;
  }
  Visited visited;
  if (visit_values(instance, visited) && visited.count == count) {
    return true;
  }
  check_call(PyObject_GenericSetAttr(instance, name, nullptr));
  return false;
}

/// Whether all values are the instance's own. One that is not that of the class is.
bool are_own(PyObject* instance, const Shape& shape, const InlineValues& values) {
  const unsigned version = version_of(Py_TYPE(instance));
  const bool known = version != 0 && version == shape.class_version;
  for (std::size_t i = 0; i < shape.names.size(); ++i) {
    const bool differs = known && shape.class_values[i] != values[i];
    if (!differs && !is_own(instance, shape.names[i].ptr(), values[i], shape.names.size())) {
      return false;
    }
  }
  return true;
}

/// Whether the instance, which has the visited values, has exactly the attributes of the shape.
/// Finds their values if so.
bool fits(PyObject* instance, const Shape& shape, const Visited& visited, InlineValues& values) {
  if (!shape.may_be_inline || shape.names.size() != visited.count ||
      !read_values(instance, shape, values)) {
    return false;
  }
  if (are_same(values, visited) && are_own(instance, shape, values)) {
    return true;
  }
  give_up(values, visited.count);
  return false;
}

/// The shape of an instance with these attributes; null when no shape has their places.
Shape* shape_in_places(TypePlan& plan, const OwnValues& own) {
  if (plan.last_shape != nullptr && plan.last_shape->places == own) [[likely]] {
    return plan.last_shape;
  }
  const std::size_t tried = std::min(plan.shapes.size(), most_tried);
  for (std::size_t i = 0; i < tried; ++i) {
    if (plan.shapes[i]->places == own) {
      return plan.last_shape = plan.shapes[i].get();
    }
  }
  return nullptr;
}

}  // namespace

const Shape* find_values_in_places(PyObject* instance, TypePlan& plan, InlineValues& values) {
  const OwnValues own = own_values(instance);
  const Shape* const shape = shape_in_places(plan, own);
  if (shape == nullptr) {
    return nullptr;
  }
  for (std::size_t i = 0; i < own.count; ++i) {
    values[i] = own.value(i);
    if (values[i] == nullptr) [[unlikely]] {
      give_up(values, i);
      return nullptr;
    }
    Py_INCREF(values[i]);
  }
  return shape;
}

const Shape* find_inline_values(PyObject* instance, TypePlan& plan, InlineValues& values) {
  Visited visited;
  if (!visit_values(instance, visited)) {
    return nullptr;
  }
  const Shape* const last = plan.last_shape;
  if (last != nullptr && fits(instance, *last, visited, values)) [[likely]] {
    return last;
  }
  const std::size_t tried = std::min(plan.shapes.size(), most_tried);
  for (std::size_t i = 0; i < tried; ++i) {
    Shape* const shape = plan.shapes[i].get();
    if (shape != last && fits(instance, *shape, visited, values)) {
      return plan.last_shape = shape;
    }
  }
  return nullptr;
}

void find_in_class(PyTypeObject* type, Shape& shape) {
  constexpr bool may_have_no_dict = PY_VERSION_HEX >= 0x030B0000;
  shape.may_be_inline =
      may_have_no_dict && shape.slots == 0 && shape.names.size() <= most_inline_values;
  for (const nb::object& name : shape.names) {
    const nb::object found = in_class(nb::handle(reinterpret_cast<PyObject*>(type)), name);
    shape.class_values.push_back(found.ptr());
    // To read a property, or a method, calls it.
    if (found.is_valid() && nb::hasattr(found.type(), "__get__")) {
      shape.may_be_inline = false;
    }
  }
  shape.class_version = version_of(type);
}

}  // namespace wallaroo::python
