#include "python/functions/py_aggregation.hpp"

#include <functional>
#include <utility>

#include "python/objects/access.hpp"

namespace wallaroo::python {

namespace {

PyRecord number(long long value) { return PyRecord::steal(checked(PyLong_FromLongLong(value))); }
PyRecord sum_of(PyObject* a, PyObject* b) { return PyRecord::steal(checked(PyNumber_Add(a, b))); }
PyRecord one_more(PyObject* count) {
  return PyRecord::steal(checked(sum_with_int(count, number(1).get())));
}
PyRecord pair_of(PyRecord first, PyRecord second) {
  return PyRecord::steal(checked(new_pair(first.release(), second.release())));
}
PyObject* element(PyObject* tuple, Py_ssize_t index) {
  return checked(PyTuple_GetItem(tuple, index));
}

/// None stands for the extreme value of no record. Of equal values the earlier one stays.
PyRecord extreme(PyObject* before, PyObject* value, int wins) {
  if (before == Py_None ||
      (value != Py_None && checked(PyObject_RichCompareBool(value, before, wins)) != 0)) {
    return PyRecord::share(value);
  }
  return PyRecord::share(before);
}

/// Puts (value, record) into a list that is sorted from the greatest value on, and keeps k of them.
/// Among equal values earlier records come first.
void insert_top(PyObject* list, PyObject* value, PyObject* record, std::size_t k) {
  Py_ssize_t at = PyList_Size(list);
  while (at > 0) {
    PyObject* const before = element(checked(PyList_GetItem(list, at - 1)), 0);
    if (checked(PyObject_RichCompareBool(before, value, Py_LT)) == 0) {
      break;
    }
    --at;
  }
  if (static_cast<std::size_t>(at) >= k) {
    return;
  }
  const PyRecord entry = pair_of(PyRecord::share(value), PyRecord::share(record));
  checked(PyList_Insert(list, at, entry.get()));
  const Py_ssize_t size = PyList_Size(list);
  if (static_cast<std::size_t>(size) > k) {
    checked(PyList_SetSlice(list, static_cast<Py_ssize_t>(k), size, nullptr));
  }
}

PyRecord copy_of(PyObject* list) {
  return PyRecord::steal(checked(PyList_GetSlice(list, 0, PyList_Size(list))));
}

/// A tuple of what `make(i)` gives for each part.
template <class Make>
PyRecord tuple_of(std::size_t parts, Make&& make) {
  PyRecord tuple = PyRecord::steal(checked(PyTuple_New(static_cast<Py_ssize_t>(parts))));
  for (std::size_t i = 0; i < parts; ++i) {
    checked(PyTuple_SetItem(tuple.get(), static_cast<Py_ssize_t>(i), make(i).release()));
  }
  return tuple;
}

}  // namespace

PyRecord AggregationPart::start() const {
  switch (kind) {
    case Aggregate::methods:
    case Aggregate::in_place:
      return call(initial);
    case Aggregate::count:
    case Aggregate::sum:
      return number(0);
    case Aggregate::mean:
      return pair_of(number(0), number(0));
    case Aggregate::min:
    case Aggregate::max:
      return PyRecord::share(Py_None);
    case Aggregate::top:
      return PyRecord::steal(checked(PyList_New(0)));
    case Aggregate::combined:
      return tuple_of(parts.size(), [&](std::size_t i) { return parts[i].start(); });
  }
  return {};
}

PyRecord AggregationPart::add(PyObject* accumulator, const PyRecord& record) const {
  switch (kind) {
    case Aggregate::methods: {
      PyRecord changed = call(update, record.get(), accumulator);
      return changed.get() == Py_None ? PyRecord::share(accumulator) : changed;
    }
    case Aggregate::in_place:
      call(update, record.get(), accumulator);
      return PyRecord::share(accumulator);
    case Aggregate::count:
      return one_more(accumulator);
    case Aggregate::sum:
      return sum_of(accumulator, of(record).get());
    case Aggregate::mean:
      return pair_of(sum_of(element(accumulator, 0), of(record).get()),
                     one_more(element(accumulator, 1)));
    case Aggregate::min:
      return extreme(accumulator, of(record).get(), Py_LT);
    case Aggregate::max:
      return extreme(accumulator, of(record).get(), Py_GT);
    case Aggregate::top:
      insert_top(accumulator, of(record).get(), record.get(), k);
      return PyRecord::share(accumulator);
    case Aggregate::combined:
      return tuple_of(parts.size(), [&](std::size_t i) {
        return parts[i].add(element(accumulator, static_cast<Py_ssize_t>(i)), record);
      });
  }
  return {};
}

PyRecord AggregationPart::joined(PyObject* earlier, PyObject* later) const {
  switch (kind) {
    case Aggregate::methods:
    case Aggregate::in_place:
      return call(combine, earlier, later);
    case Aggregate::count:
    case Aggregate::sum:
      return sum_of(earlier, later);
    case Aggregate::mean:
      return pair_of(sum_of(element(earlier, 0), element(later, 0)),
                     sum_of(element(earlier, 1), element(later, 1)));
    case Aggregate::min:
      return extreme(earlier, later, Py_LT);
    case Aggregate::max:
      return extreme(earlier, later, Py_GT);
    case Aggregate::top: {
      PyRecord all = copy_of(earlier);
      for (Py_ssize_t i = 0; i < PyList_Size(later); ++i) {
        PyObject* const entry = checked(PyList_GetItem(later, i));
        insert_top(all.get(), element(entry, 0), element(entry, 1), k);
      }
      return all;
    }
    case Aggregate::combined:
      return tuple_of(parts.size(), [&](std::size_t i) {
        const auto at = static_cast<Py_ssize_t>(i);
        return parts[i].joined(element(earlier, at), element(later, at));
      });
  }
  return {};
}

PyRecord AggregationPart::value(PyObject* accumulator) const {
  switch (kind) {
    case Aggregate::mean:
      if (checked(PyObject_IsTrue(element(accumulator, 1))) == 0) {
        return PyRecord::share(Py_None);
      }
      return PyRecord::steal(
          checked(PyNumber_TrueDivide(element(accumulator, 0), element(accumulator, 1))));
    case Aggregate::top: {
      PyRecord records = PyRecord::steal(checked(PyList_New(0)));
      for (Py_ssize_t i = 0; i < PyList_Size(accumulator); ++i) {
        PyObject* const entry = checked(PyList_GetItem(accumulator, i));
        checked(PyList_Append(records.get(), element(entry, 1)));
      }
      return records;
    }
    case Aggregate::combined:
      return tuple_of(parts.size(), [&](std::size_t i) {
        return parts[i].value(element(accumulator, static_cast<Py_ssize_t>(i)));
      });
    default:
      return PyRecord::share(accumulator);
  }
}

PyRecord Pairs::of(PyRecord first, PyRecord second) {
#ifndef Py_LIMITED_API
  if (PyObject* const pair = last_.get(); pair != nullptr && Py_REFCNT(pair) == 1) {
    const PyRecord before_first = PyRecord::steal(PyTuple_GET_ITEM(pair, 0));
    const PyRecord before_second = PyRecord::steal(PyTuple_GET_ITEM(pair, 1));
    PyTuple_SET_ITEM(pair, 0, first.release());
    PyTuple_SET_ITEM(pair, 1, second.release());
    // The collector forgets tuples of simple objects, which this one may be no longer.
    if (PyObject_GC_IsTracked(pair) == 0) {
      PyObject_GC_Track(pair);
    }
    return last_;
  }
#endif
  PyRecord pair = pair_of(std::move(first), std::move(second));
#ifndef Py_LIMITED_API
  last_ = pair;
#endif
  return pair;
}

PyRecord RunningAggregation::operator()(const PyRecord& record, PyState& state) const {
  if (state.empty()) {
    state.set(part.start().release());
  }
  state.set(part.add(state.get(), record).release());
  return pairs.of(PyRecord::share(record.get()), part.value(state.get()));
}

PyState Aggregation::initial_accumulator() const {
  PyState made;
  made.set(part.start().release());
  return made;
}

void Aggregation::update(const PyRecord& record, PyState& accumulator) const {
  accumulator.set(part.add(accumulator.get(), record).release());
}

PyState Aggregation::combine(const PyState& earlier, const PyState& later) const {
  PyState both;
  both.set(part.joined(earlier.get(), later.get()).release());
  return both;
}

std::optional<PyRecord> Aggregation::output(const PyKey& key, const PyState& accumulator,
                                            const Window& window) const {
  const PyRecord key_object =
      PyRecord::steal((old_style_key ? raw_object_of(key) : object_of(key)).release().ptr());
  const PyRecord value = part.value(accumulator.get());
  const PyRecord start = number(window.start);
  const PyRecord end = number(window.end);
  const PyRecord firing = number(static_cast<long long>(window.firing));
  PyRecord made =
      call(make_output, key_object.get(), value.get(), start.get(), end.get(), firing.get());
  return made.get() == Py_None ? std::nullopt : std::optional(std::move(made));
}

}  // namespace wallaroo::python
