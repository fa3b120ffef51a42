// Functions of the user as computations of the engine. All run inside of a GilScope.
#pragma once

#include <Python.h>

#include <optional>
#include <utility>

#include <wallaroo/emitter.hpp>

#include "python/objects/callable.hpp"
#include "python/objects/record.hpp"
#include "python/objects/state.hpp"

namespace wallaroo::python {

/// Says how the result of a function becomes at most one record.
enum class OneResult {
  record,    ///< it is the output, whatever it is
  optional,  ///< it is the output, unless it is None
  keep,      ///< the input is the output if the result is true
};

/// A function of a record that gives at most one.
struct OneFunction {
  Shared function;
  OneResult result;

  std::optional<PyRecord> operator()(const PyRecord& record) const {
    PyRecord made = call(function, record.get());
    switch (result) {
      case OneResult::record:
        return made;
      case OneResult::optional:
        return made.get() == Py_None ? std::nullopt : std::optional(std::move(made));
      case OneResult::keep:
        return is_true(made.get()) ? std::optional(PyRecord::share(record.get())) : std::nullopt;
    }
    return std::nullopt;
  }

 private:
  static bool is_true(PyObject* object) { return checked(PyObject_IsTrue(object)) != 0; }
};

/// Says which results a function that gives many records may return.
enum class ManyResult {
  iterable,  ///< any iterable; its elements are the outputs
  list,      ///< a list, or None for no outputs; elements that are None are left out
};

/// Emits the elements of what a function returned.
void emit_all(PyObject* result, ManyResult kind, Emitter<PyRecord>& out);

/// A function of a record that gives any number.
struct ManyFunction {
  Shared function;
  ManyResult result;

  void operator()(const PyRecord& record, Emitter<PyRecord>& out) const {
    emit_all(call(function, record.get()).get(), result, out);
  }
};

/// How a function changes its state.
enum class StateChange {
  in_place,  ///< f(record, state) changes the object, and returns its output or None
  replaced,  ///< f(state, record) returns (new state, output or None)
};

/// A function of a record and of its key's state, which `initial()` makes when it is first needed.
struct StateFunction {
  Shared function;
  Shared initial;
  StateChange change;

  std::optional<PyRecord> operator()(const PyRecord& record, PyState& state) const;
};

/// A function of a record and of its key's state that gives any number of records.
struct StateManyFunction {
  Shared function;
  Shared initial;
  ManyResult result;

  void operator()(const PyRecord& record, PyState& state, Emitter<PyRecord>& out) const;
};

/// Makes the state if it is not there yet.
inline void ensure_state(PyState& state, const Shared& initial) {
  if (state.empty()) [[unlikely]] {
    state.set(call(initial).release());
  }
}

/// Splits the output of windows or joins that mark late records.
struct LateFilter {
  bool late;  ///< which of them pass

  std::optional<PyRecord> operator()(const PyRecord& record) const {
    if (record.late() != late) {
      return std::nullopt;
    }
    return PyRecord::share(record.get());
  }
};

/// Marks records as those of one side of a join.
struct SideMarker {
  int side;

  PyRecord operator()(const PyRecord& record) const {
    PyRecord marked = PyRecord::share(record.get());
    marked.set_side(side);
    return marked;
  }
};

}  // namespace wallaroo::python
