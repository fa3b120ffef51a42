// Aggregations of windows: those of the user, and ready ones that call no function of Python's.
#pragma once

#include <Python.h>

#include <cstddef>
#include <optional>
#include <vector>

#include <wallaroo/types/window.hpp>

#include "python/functions/extract.hpp"
#include "python/objects/callable.hpp"
#include "python/objects/record.hpp"
#include "python/objects/state.hpp"
#include "python/values/key_object.hpp"

namespace wallaroo::python {

enum class Aggregate {
  methods,   ///< functions of the user; update may return a new accumulator
  in_place,  ///< the same, but what update returns is ignored
  count,
  sum,
  mean,
  min,
  max,
  top,       ///< the k records with the greatest values
  combined,  ///< a tuple of the values of several
};

/// One aggregation, as values of an accumulator. Accumulators are objects of Python: numbers, or
/// whatever the user's methods make. `combine` must not change what it is given.
class AggregationPart {
 public:
  Aggregate kind = Aggregate::count;
  Extract of = {};      ///< the value of a record; not used by `count` and functions
  std::size_t k = 0;    ///< of `top`
  Shared initial = {};  ///< the methods, already bound to their object
  Shared update = {};
  Shared combine = {};
  std::vector<AggregationPart> parts = {};

  PyRecord start() const;
  /// Adds a record. May change the accumulator in place, and returns it or the new one.
  PyRecord add(PyObject* accumulator, const PyRecord& record) const;
  PyRecord joined(PyObject* earlier, PyObject* later) const;
  /// The value for an output, of an accumulator that stays as it is.
  PyRecord value(PyObject* accumulator) const;
};

/// Makes pairs. Where nobody has kept the last one, it becomes the next one, as with zip().
class Pairs {
 public:
  Pairs() = default;
  Pairs(const Pairs&) {}
  Pairs& operator=(const Pairs&) = delete;
  ~Pairs() = default;

  PyRecord of(PyRecord first, PyRecord second);

 private:
  PyRecord last_;
};

/// An aggregation over all records of a key so far. The state is the accumulator.
struct RunningAggregation {
  AggregationPart part;
  mutable Pairs pairs = {};  ///< of the outputs

  PyRecord operator()(const PyRecord& record, PyState& state) const;
};

/// An aggregation as the windows of the engine call it.
class Aggregation {
 public:
  AggregationPart part;
  Shared make_output = {};  ///< output(key, accumulator or value, start, end, firing)
  bool old_style_key = false;

  PyState initial_accumulator() const;
  void update(const PyRecord& record, PyState& accumulator) const;
  PyState combine(const PyState& earlier, const PyState& later) const;
  std::optional<PyRecord> output(const PyKey& key, const PyState& accumulator,
                                 const Window& window) const;
};

}  // namespace wallaroo::python
