// Values of the standard library and of NumPy to bytes.
#include <cstdint>
#include <string_view>

#include "python/values/native/numpy_types.hpp"
#include "python/values/native/value_writer.hpp"
#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;
using internal::StoredWriter;

namespace {

void put_tag(StoredWriter& out, Tag tag) { out.put(static_cast<std::uint8_t>(tag)); }

void put_sized(StoredWriter& out, std::string_view bytes) {
  out.put_length(bytes.size());
  out.put_bytes(bytes.data(), bytes.size());
}

template <class Number>
void put_attribute(StoredWriter& out, nb::handle object, const char* name) {
  out.put(static_cast<Number>(nb::cast<long long>(object.attr(name))));
}

void put_date(StoredWriter& out, nb::handle date) {
  put_attribute<std::uint16_t>(out, date, "year");
  put_attribute<std::uint8_t>(out, date, "month");
  put_attribute<std::uint8_t>(out, date, "day");
}

void put_delta(StoredWriter& out, nb::handle delta) {
  put_attribute<std::int32_t>(out, delta, "days");
  put_attribute<std::int32_t>(out, delta, "seconds");
  put_attribute<std::int32_t>(out, delta, "microseconds");
}

/// Returns false for time zones that are neither UTC nor a fixed offset without a name.
bool put_zone(StoredWriter& out, nb::handle time) {
  const PythonTypes& types = python_types();
  const auto put = [&](Zone zone) { out.put(static_cast<std::uint8_t>(zone)); };
  const nb::object zone = time.attr("tzinfo");
  if (zone.is_none()) {
    put(Zone::none);
    return true;
  }
  if (zone.is(types.utc)) {
    put(Zone::utc);
    return true;
  }
  if (!is_type(Py_TYPE(zone.ptr()), types.timezone)) {
    return false;
  }
  const nb::object arguments = zone.attr("__getinitargs__")();
  if (nb::len(arguments) != 1) {
    return false;
  }
  put(Zone::fixed);
  put_delta(out, arguments[0]);
  return true;
}

bool put_time(StoredWriter& out, nb::handle time) {
  put_attribute<std::uint8_t>(out, time, "hour");
  put_attribute<std::uint8_t>(out, time, "minute");
  put_attribute<std::uint8_t>(out, time, "second");
  put_attribute<std::uint32_t>(out, time, "microsecond");
  put_attribute<std::uint8_t>(out, time, "fold");
  return put_zone(out, time);
}

bool write_uuid(StoredWriter& out, nb::handle uuid) {
  const PythonTypes& types = python_types();
  if (!uuid.attr(types.uuid_safe_text).is(types.uuid_safe_unknown)) {
    return false;
  }
  const nb::bytes bytes(uuid.attr("bytes"));
  put_tag(out, Tag::uuid);
  out.put_bytes(bytes.c_str(), bytes.size());
  return true;
}

/// Writes the type of elements. Returns false for one that cannot be read from bytes alone.
bool put_element_type(StoredWriter& out, nb::handle type) {
  const nb::str name(type.attr("str"));
  const Utf8 text(name.ptr());
  if (!is_type_of_bytes(text.view()) || nb::cast<long long>(type.attr("itemsize")) == 0 ||
      !type.attr("names").is_none() || !type.attr("metadata").is_none()) {
    return false;
  }
  put_sized(out, text.view());
  return true;
}

bool write_numpy_scalar(StoredWriter& out, nb::handle scalar) {
  put_tag(out, Tag::numpy_scalar);
  if (!put_element_type(out, scalar.attr("dtype"))) {
    return false;
  }
  const nb::bytes bytes(scalar.attr("tobytes")());
  put_sized(out, {bytes.c_str(), bytes.size()});
  return true;
}

bool write_numpy_array(StoredWriter& out, nb::handle array) {
  put_tag(out, Tag::numpy_array);
  if (!put_element_type(out, array.attr("dtype"))) {
    return false;
  }
  const nb::object flags = array.attr("flags");
  const bool by_columns = nb::cast<bool>(nb::bool_(flags.attr("fnc")));
  out.put(static_cast<std::uint8_t>(by_columns ? 1 : 0));
  const nb::object shape = array.attr("shape");
  out.put_length(nb::len(shape));
  for (const nb::handle length : nb::borrow<nb::tuple>(shape)) {
    out.put(static_cast<std::uint64_t>(nb::cast<long long>(length)));
  }
  const nb::bytes bytes(array.attr("tobytes")(by_columns ? "F" : "C"));
  put_sized(out, {bytes.c_str(), bytes.size()});
  return true;
}

}  // namespace

bool write_special(PyObject* value, Kind kind, StoredWriter& out) {
  const nb::handle object(value);
  switch (kind) {
    case Kind::date:
      put_tag(out, Tag::date);
      put_date(out, object);
      return true;
    case Kind::datetime:
      put_tag(out, Tag::datetime);
      put_date(out, object);
      return put_time(out, object);
    case Kind::time:
      put_tag(out, Tag::time);
      return put_time(out, object);
    case Kind::timedelta:
      put_tag(out, Tag::timedelta);
      put_delta(out, object);
      return true;
    case Kind::decimal: {
      const nb::str text(object);
      put_tag(out, Tag::decimal);
      put_sized(out, Utf8(text.ptr()).view());
      return true;
    }
    case Kind::uuid:
      return write_uuid(out, object);
    case Kind::numpy_scalar:
      return write_numpy_scalar(out, object);
    case Kind::numpy_array:
      return write_numpy_array(out, object);
    default:
      return false;
  }
}

}  // namespace wallaroo::python
