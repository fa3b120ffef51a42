// The attributes of instances that have no `__dict__` yet.
#pragma once

#include <array>
#include <cstddef>

#include <nanobind/nanobind.h>

#include "python/values/native/type_plan.hpp"

namespace wallaroo::python {

/// The values of the attributes of a shape, in its order.
using InlineValues = std::array<PyObject*, Places::most>;

/// From Python 3.11 on an instance keeps its attributes itself until somebody asks for its
/// `__dict__`. That one stays, and costs more memory and time than all the rest of the instance, so
/// millions of states must not get one because they are saved.
///
/// Both functions find the values of an instance that has no `__dict__`, and has exactly the
/// attributes of one of the plan's shapes, which they return. The values are new references. They
/// return null, without references, for any other instance, and when they cannot tell. They require
/// a class without slots.
///
/// This one needs a shape whose places are known. It looks at few bytes of the instance.
const Shape* find_values_in_places(PyObject* instance, TypePlan& plan, InlineValues& values);
/// This one knows nothing of the interpreter's version: it asks for each attribute by its name.
const Shape* find_inline_values(PyObject* instance, TypePlan& plan, InlineValues& values);

/// Finds out what find_inline_values has to know of the class of a new shape.
void find_in_class(PyTypeObject* type, Shape& shape);

}  // namespace wallaroo::python
