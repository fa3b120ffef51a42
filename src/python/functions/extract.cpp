#include "python/functions/extract.hpp"

#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace wallaroo::python {

namespace {

PyRecord item_of(PyObject* record, PyObject* index) {
  if (PyDict_CheckExact(record) != 0) {
    PyObject* const found = PyDict_GetItemWithError(record, index);
    if (found != nullptr) {
      return PyRecord::share(found);
    }
    if (PyErr_Occurred() != nullptr) {
      throw_python_error();
    }
  }
  return PyRecord::steal(checked(PyObject_GetItem(record, index)));
}

std::int64_t number_of(PyObject* record, const char* name) {
  const PyRecord value = PyRecord::steal(checked(PyObject_GetAttrString(record, name)));
  const long number = PyLong_AsLong(value.get());
  if (number == -1 && PyErr_Occurred() != nullptr) {
    throw_python_error();
  }
  return number;
}

/// The offset of the time from UTC in microseconds; 0 when it has no time zone.
std::int64_t offset_of(PyObject* time) {
  const PyRecord offset = PyRecord::steal(checked(PyObject_CallMethod(time, "utcoffset", nullptr)));
  if (offset.get() == Py_None) {
    return 0;
  }
  return (number_of(offset.get(), "days") * 86'400 + number_of(offset.get(), "seconds")) *
             1'000'000 +
         number_of(offset.get(), "microseconds");
}

std::int64_t nanoseconds_of_datetime(PyObject* time) {
  using std::chrono::day;
  using std::chrono::month;
  using std::chrono::year;
  const std::chrono::sys_days date(year(static_cast<int>(number_of(time, "year"))) /
                                   month(static_cast<unsigned>(number_of(time, "month"))) /
                                   day(static_cast<unsigned>(number_of(time, "day"))));
  const std::int64_t seconds = date.time_since_epoch().count() * std::int64_t{86'400} +
                               number_of(time, "hour") * 3'600 + number_of(time, "minute") * 60 +
                               number_of(time, "second");
  const std::int64_t microseconds =
      seconds * 1'000'000 + number_of(time, "microsecond") - offset_of(time);
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 1'000;
  if (microseconds > most || microseconds < -most) {
    throw_error(PyExc_ValueError, "the time is outside of the years 1677 to 2262");
  }
  return microseconds * 1'000;
}

}  // namespace

PyRecord Extract::operator()(const PyRecord& record) const {
  switch (extraction) {
    case Extraction::function:
      return call(argument, record.get());
    case Extraction::item:
      return item_of(record.get(), argument.get());
    case Extraction::attribute:
      return PyRecord::steal(checked(PyObject_GetAttr(record.get(), argument.get())));
    case Extraction::record:
      return PyRecord::share(record.get());
    case Extraction::constant:
      return PyRecord::share(argument.get());
  }
  return {};
}

PyKey KeyOf::operator()(const PyRecord& record) const {
  if (extract.extraction == Extraction::record) {
    return key_from(record.get());
  }
  const PyRecord key = extract(record);
  return key_from(key.get());
}

PyKey KeyOf::key_from(PyObject* object) const {
  return translated([&] { return old_style ? raw_key_of(object) : key_of(object); });
}

std::int64_t EventTimeOf::operator()(const PyRecord& record) const {
  return nanoseconds_of(extract(record).get());
}

std::int64_t nanoseconds_of(PyObject* time) {
  if (PyLong_Check(time) != 0) {
    const long long number = PyLong_AsLongLong(time);
    if (number == -1 && PyErr_Occurred() != nullptr) {
      throw_python_error();
    }
    return number;
  }
  if (PyObject_HasAttrString(time, "utcoffset") != 0 && PyObject_HasAttrString(time, "year") != 0) {
    return nanoseconds_of_datetime(time);
  }
  throw_error(
      PyExc_TypeError,
      fmt::format("an event time must be a datetime or a whole number of nanoseconds since 1970, "
                  "but this one is of type {}",
                  type_name(time)));
}

}  // namespace wallaroo::python
