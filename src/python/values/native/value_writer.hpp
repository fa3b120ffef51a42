// Objects to bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

#include <nanobind/nanobind.h>
#include <boost/container/small_vector.hpp>

#include "python/values/native/memo.hpp"
#include "python/values/native/type_plan.hpp"
#include "python/values/native/value_tags.hpp"
#include "record/stored/stored_bytes.hpp"

namespace wallaroo::python {

class ProcessValues;

/// Writes the values of one message in native form. Objects that are shared, and cycles, are
/// written once and referred to afterwards. Holds a reference to each object that it is writing,
/// because functions of the user may run meanwhile (finalizers, encoders) and change containers.
class ValueWriter {
 public:
  ValueWriter(ProcessValues& values, internal::StoredWriter& out) : values_(values), out_(out) {}

  /// Appends the value, to which the caller has `held` references beside that of the object's
  /// owner. Returns false when only pickle can store it; what was written then has no meaning.
  /// Throws the exceptions of the user's functions, and RecursionError.
  [[nodiscard]] bool write(PyObject* value, Py_ssize_t held = 0);

 private:
  void put(Tag tag) { out_.put(static_cast<std::uint8_t>(tag)); }
  /// Puts both at once, which is what most values are.
  template <class Number>
  void put(Tag tag, Number number) {
    std::array<char, 1 + sizeof number> bytes;
    bytes[0] = static_cast<char>(tag);
    std::memcpy(bytes.data() + 1, &number, sizeof number);
    out_.put(bytes);
  }
  void put_sized(std::string_view bytes) {
    out_.put_length(bytes.size());
    out_.put_bytes(bytes.data(), bytes.size());
  }

  void write_long(PyObject* value);
  void write_text(PyObject* value);
  bool write_other(PyObject* value, Py_ssize_t held);
  bool write_kind(PyObject* value, TypePlan& plan);
  bool write_list(PyObject* list);
  bool write_tuple(PyObject* tuple);
  /// Writes the size of a dict, its keys and its values.
  bool write_pairs(PyObject* dict);
  bool write_set(PyObject* set, Tag tag);
  bool write_deque(PyObject* deque);
  bool write_ordered_dict(PyObject* dict);
  bool write_counter(PyObject* counter);
  bool write_defaultdict(PyObject* dict);
  bool write_instance(PyObject* instance, TypePlan& plan);
  bool write_instance_slowly(PyObject* instance, TypePlan& plan);
  /// Writes the values of attributes and gives up the references to them.
  bool write_values(PyObject* const* values, std::size_t count);
  bool write_member(PyObject* member, TypePlan& plan);
  bool write_registered(PyObject* value, TypePlan& plan);
  /// Writes the number of the shape, and its definition when it is new in this message.
  void put_shape(Tag tag, const Shape& shape);

  ProcessValues& values_;
  internal::StoredWriter& out_;
  int depth_ = 0;
  Memo memo_;
  boost::container::small_vector<const Shape*, 4> shapes_;
};

/// Writes values of classes of the standard library and of NumPy. Returns false when only pickle
/// can store the value.
[[nodiscard]] bool write_special(PyObject* value, Kind kind, internal::StoredWriter& out);

}  // namespace wallaroo::python
