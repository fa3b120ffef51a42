#include "python/functions/computations.hpp"

#include <fmt/format.h>

#include "python/objects/access.hpp"

namespace wallaroo::python {

namespace {

void emit_list(PyObject* list, Emitter<PyRecord>& out) {
  if (list == Py_None) {
    return;
  }
  if (PyList_Check(list) == 0) {
    throw_error(
        PyExc_TypeError,
        fmt::format("a function that gives many records must return a list or None, but this one "
                    "returned {}",
                    type_name(list)));
  }
  for (Py_ssize_t i = 0; i < size_of_list(list); ++i) {
    if (PyObject* const element = item_of_list(list, i); element != Py_None) {
      out.emit(PyRecord::share(element));
    }
  }
}

void emit_elements(PyObject* iterable, Emitter<PyRecord>& out) {
  if (PyList_CheckExact(iterable) != 0) {
    // Stages that follow may change the list, so its size is asked each time.
    for (Py_ssize_t i = 0; i < size_of_list(iterable); ++i) {
      out.emit(PyRecord::share(item_of_list(iterable, i)));
    }
    return;
  }
  const PyRecord iterator = PyRecord::steal(checked(PyObject_GetIter(iterable)));
  while (PyObject* const element = PyIter_Next(iterator.get())) {
    out.emit(PyRecord::steal(element));
  }
  if (PyErr_Occurred() != nullptr) {
    throw_python_error();
  }
}

}  // namespace

void emit_all(PyObject* result, ManyResult kind, Emitter<PyRecord>& out) {
  kind == ManyResult::list ? emit_list(result, out) : emit_elements(result, out);
}

std::optional<PyRecord> StateFunction::operator()(const PyRecord& record, PyState& state) const {
  ensure_state(state, initial);
  if (change == StateChange::in_place) {
    PyRecord made = call(function, record.get(), state.get());
    return made.get() == Py_None ? std::nullopt : std::optional(std::move(made));
  }
  const PyRecord pair = call(function, state.get(), record.get());
  if (PyTuple_Check(pair.get()) == 0 || size_of_tuple(pair.get()) != 2) {
    throw_error(
        PyExc_TypeError,
        fmt::format("a function of scan must return a pair (new state, output or None), but this "
                    "one returned {}",
                    type_name(pair.get())));
  }
  state.set(PyRecord::share(item_of_tuple(pair.get(), 0)).release());
  PyObject* const output = item_of_tuple(pair.get(), 1);
  return output == Py_None ? std::nullopt : std::optional(PyRecord::share(output));
}

void StateManyFunction::operator()(const PyRecord& record, PyState& state,
                                   Emitter<PyRecord>& out) const {
  ensure_state(state, initial);
  emit_all(call(function, record.get(), state.get()).get(), result, out);
}

}  // namespace wallaroo::python
