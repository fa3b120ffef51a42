// The attributes of instances that have no `__dict__` yet.
#pragma once

#include <array>
#include <cstddef>

#include <nanobind/nanobind.h>

#include "python/values/native/type_plan.hpp"

namespace wallaroo::python {

/// The values of the attributes of a shape, in its order.
using InlineValues = std::array<PyObject*, 16>;

/// From Python 3.11 on an instance keeps its attributes itself until somebody asks for its
/// `__dict__`. That one stays, and costs more memory and time than all the rest of the instance, so
/// millions of states must not get one because they are saved.
///
/// Finds the values of an instance that has no `__dict__`, and has exactly the attributes of one of
/// the plan's shapes, which it returns. The values are new references. Returns null, without
/// references, for any other instance, and when it cannot tell. Requires a class without slots.
const Shape* find_inline_values(PyObject* instance, TypePlan& plan, InlineValues& values);

/// Finds out what find_inline_values has to know of the class of a new shape.
void find_in_class(PyTypeObject* type, Shape& shape);

}  // namespace wallaroo::python
