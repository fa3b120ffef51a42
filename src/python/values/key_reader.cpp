// The objects of keys.
#include <cmath>

#include "python/values/key_object.hpp"
#include "python/values/python_types.hpp"
#include "record/stored/stored_bytes.hpp"

namespace wallaroo::python {

namespace nb = nanobind;
using internal::StoredReader;

namespace {

[[noreturn]] void refuse() { throw StoredError("these bytes are no key of a Python application"); }

void require(bool holds) {
  if (!holds) {
    refuse();
  }
}

nb::object read(std::string_view key, int depth);

nb::object read_long(std::string_view bytes) {
  if (bytes.size() > sizeof(long long)) {
    return long_of_bytes(bytes);
  }
  return owned(PyLong_FromLongLong(integer_of(bytes)));
}

nb::object read_float(std::string_view bytes) {
  StoredReader in(bytes);
  const auto value = in.get<double>();
  require(in.empty() && !std::isnan(value));
  return owned(PyFloat_FromDouble(value));
}

nb::object read_tuple(std::string_view bytes, int depth) {
  require(depth < most_nested_keys);
  nb::list elements;
  for (StoredReader in(bytes); !in.empty();) {
    elements.append(read(in.get_string(), depth + 1));
  }
  return owned(PyList_AsTuple(elements.ptr()));
}

nb::object class_of_member(StoredReader& in) {
  const nb::object type = process_classes().find(in.get_string());
  require(is_subtype(reinterpret_cast<PyTypeObject*>(type.ptr()), python_types().enum_type));
  return type;
}

nb::object read_member(std::string_view bytes) {
  StoredReader in(bytes);
  const nb::object type = class_of_member(in);
  const nb::object members = type.attr(python_types().member_map_text);
  return owned(PyObject_GetItem(members.ptr(), text_of_utf8(in.get_bytes(in.left())).ptr()));
}

nb::object read_flag(std::string_view bytes) {
  StoredReader in(bytes);
  const nb::object type = class_of_member(in);
  require(in.left() <= sizeof(long long));
  return type(integer_of(in.get_bytes(in.left())));
}

nb::object read_datetime(std::string_view bytes, nb::handle first) {
  require(bytes.size() <= sizeof(long long));
  const long long microseconds = integer_of(bytes);
  const nb::object since =
      python_types().timedelta(0, microseconds / 1'000'000, microseconds % 1'000'000);
  return first + since;
}

nb::object read_date(std::string_view bytes) {
  require(bytes.size() <= sizeof(long long));
  return python_types().date.attr("fromordinal")(integer_of(bytes));
}

nb::object read_uuid(std::string_view bytes) {
  require(bytes.size() == 16);
  return python_types().uuid(nb::arg("bytes") = nb::bytes(bytes.data(), bytes.size()));
}

nb::object read(std::string_view key, int depth) {
  require(!key.empty());
  const std::string_view rest = key.substr(1);
  switch (static_cast<KeyTag>(key.front())) {
    case KeyTag::none:
      return nb::none();
    case KeyTag::boolean:
      require(rest.size() == 1 && static_cast<unsigned char>(rest.front()) <= 1);
      return nb::bool_(rest.front() != '\0');
    case KeyTag::integer:
      return read_long(rest);
    case KeyTag::floating:
      return read_float(rest);
    case KeyTag::text:
      return text_of_utf8(rest);
    case KeyTag::bytes:
      return nb::bytes(rest.data(), rest.size());
    case KeyTag::tuple:
      return read_tuple(rest, depth);
    case KeyTag::enum_member:
      return read_member(rest);
    case KeyTag::flag:
      return read_flag(rest);
    case KeyTag::date:
      return read_date(rest);
    case KeyTag::naive_time:
      return read_datetime(rest, python_types().first_datetime);
    case KeyTag::instant:
      return read_datetime(rest, python_types().first_utc_datetime);
    case KeyTag::uuid:
      return read_uuid(rest);
  }
  refuse();
}

}  // namespace

nb::object object_of(const PyKey& key) { return read(key.bytes, 0); }

}  // namespace wallaroo::python
