// Bytes to values of the standard library and of NumPy.
#include <cstdint>

#include "python/values/native/numpy_types.hpp"
#include "python/values/native/value_reader.hpp"
#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;
using internal::StoredReader;

namespace {

struct Date {
  int year, month, day;
};
Date get_date(StoredReader& in) {
  const int year = in.get<std::uint16_t>();
  const int month = in.get<std::uint8_t>();
  return {year, month, in.get<std::uint8_t>()};
}

nb::object get_delta(StoredReader& in) {
  const auto days = in.get<std::int32_t>();
  const auto seconds = in.get<std::int32_t>();
  return python_types().timedelta(days, seconds, in.get<std::int32_t>());
}

struct Time {
  int hour, minute, second, microsecond, fold;
  nb::object zone;
};
Time get_time(StoredReader& in) {
  Time time{};
  time.hour = in.get<std::uint8_t>();
  time.minute = in.get<std::uint8_t>();
  time.second = in.get<std::uint8_t>();
  time.microsecond = static_cast<int>(in.get<std::uint32_t>());
  time.fold = static_cast<int>(in.get_choice("the fold of a time", 2));
  switch (static_cast<Zone>(in.get_choice("the kind of a time zone", 3))) {
    case Zone::none:
      time.zone = nb::none();
      break;
    case Zone::utc:
      time.zone = python_types().utc;
      break;
    case Zone::fixed:
      time.zone = python_types().timezone(get_delta(in));
      break;
  }
  return time;
}

nb::object read_date(StoredReader& in) {
  const Date date = get_date(in);
  return python_types().date(date.year, date.month, date.day);
}

nb::object read_datetime(StoredReader& in) {
  const Date date = get_date(in);
  const Time time = get_time(in);
  const nb::object& type = python_types().datetime;
  if (time.fold == 0) {
    return type(date.year, date.month, date.day, time.hour, time.minute, time.second,
                time.microsecond, time.zone);
  }
  return type(date.year, date.month, date.day, time.hour, time.minute, time.second,
              time.microsecond, time.zone, nb::arg("fold") = time.fold);
}

nb::object read_time(StoredReader& in) {
  const Time time = get_time(in);
  return python_types().time(time.hour, time.minute, time.second, time.microsecond, time.zone,
                             nb::arg("fold") = time.fold);
}

nb::object read_decimal(StoredReader& in) {
  return python_types().decimal(text_of_utf8(in.get_string()));
}

nb::object read_uuid(StoredReader& in) {
  const PythonTypes& types = python_types();
  const std::string_view bytes = in.get_bytes(16);
  const nb::handle int_type(reinterpret_cast<PyObject*>(&PyLong_Type));
  const nb::object number = int_type.attr("from_bytes")(nb::bytes(bytes.data(), 16), "big");
  // The constructor is slow, and a UUID refuses to be changed after it.
  nb::object uuid = new_object(reinterpret_cast<PyTypeObject*>(types.uuid.ptr()));
  check_call(PyObject_GenericSetAttr(uuid.ptr(), types.uuid_int_text.ptr(), number.ptr()));
  check_call(PyObject_GenericSetAttr(uuid.ptr(), types.uuid_safe_text.ptr(),
                                     types.uuid_safe_unknown.ptr()));
  return uuid;
}

nb::object get_element_type(StoredReader& in, const nb::module_& numpy) {
  const std::string_view name = in.get_string();
  if (!is_type_of_bytes(name)) {
    throw StoredError("stored bytes are broken: a NumPy value has a type that is not stored");
  }
  const nb::object type = numpy.attr("dtype")(text_of_utf8(name));
  if (nb::cast<long long>(type.attr("itemsize")) <= 0) {
    throw StoredError("stored bytes are broken: elements of a NumPy value have no bytes");
  }
  return type;
}

nb::object read_numpy_scalar(StoredReader& in) {
  const nb::module_ numpy = nb::module_::import_("numpy");
  const nb::object type = get_element_type(in, numpy);
  const std::string_view bytes = in.get_string();
  if (bytes.size() != nb::cast<std::size_t>(type.attr("itemsize"))) {
    throw StoredError("stored bytes are broken: a NumPy value has another size than its type");
  }
  const nb::object array = numpy.attr("frombuffer")(nb::bytes(bytes.data(), bytes.size()), type);
  return array[0];
}

nb::object read_numpy_array(StoredReader& in) {
  constexpr std::size_t most_dimensions = 64;
  const nb::module_ numpy = nb::module_::import_("numpy");
  const nb::object type = get_element_type(in, numpy);
  const bool by_columns = in.get_bool();
  const std::size_t dimensions = in.get_count(8);
  if (dimensions > most_dimensions) {
    throw StoredError("stored bytes are broken: a NumPy array has too many dimensions");
  }
  nb::list shape;
  std::uint64_t size = nb::cast<std::uint64_t>(type.attr("itemsize"));
  bool overflows = false;
  for (std::size_t i = 0; i < dimensions; ++i) {
    const auto length = in.get<std::uint64_t>();
    overflows = __builtin_mul_overflow(size, length, &size) || overflows ||
                length > static_cast<std::uint64_t>(PY_SSIZE_T_MAX);
    shape.append(length);
  }
  const std::string_view bytes = in.get_string();
  if (overflows || bytes.size() != size) {
    throw StoredError("stored bytes are broken: a NumPy array has another size than its shape");
  }
  // The array keeps the buffer, which is writable.
  const nb::object buffer =
      owned(PyByteArray_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size())));
  return numpy.attr("ndarray")(nb::tuple(shape), type, buffer,
                               nb::arg("order") = by_columns ? "F" : "C");
}

}  // namespace

nb::object read_special(Tag tag, StoredReader& in) {
  switch (tag) {
    case Tag::date:
      return read_date(in);
    case Tag::datetime:
      return read_datetime(in);
    case Tag::time:
      return read_time(in);
    case Tag::timedelta:
      return get_delta(in);
    case Tag::decimal:
      return read_decimal(in);
    case Tag::uuid:
      return read_uuid(in);
    case Tag::numpy_scalar:
      return read_numpy_scalar(in);
    case Tag::numpy_array:
      return read_numpy_array(in);
    default:
      throw StoredError("stored bytes are broken: no value begins like this");
  }
}

}  // namespace wallaroo::python
