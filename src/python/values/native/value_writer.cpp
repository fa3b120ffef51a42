#include "python/values/native/value_writer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "python/values/process_values.hpp"
#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;

namespace {

/// The references of an object that nobody shares: its owner's and that of the writer.
constexpr Py_ssize_t unshared = 2;

[[noreturn]] void throw_changed(const char* what) {
  PyErr_Format(PyExc_RuntimeError, "a %s changed its size while it was encoded", what);
  nb::raise_python_error();
}

bool may_be_shared(Kind kind) {
  return kind >= Kind::bytearray && kind <= Kind::registered && kind != Kind::enum_member &&
         kind != Kind::flag;
}
/// True for objects that a reader can only make when it has all of their parts.
bool needs_its_parts(Kind kind) {
  return kind == Kind::tuple || kind == Kind::frozenset || kind == Kind::registered;
}

class Nesting {
 public:
  explicit Nesting(int& depth) : depth_(depth) {
    if (++depth_ > most_nested_values) [[unlikely]] {
      --depth_;
      raise_recursion_error("a value is nested too deeply to be encoded");
    }
  }
  ~Nesting() { --depth_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  int& depth_;
};

}  // namespace

bool ValueWriter::write(PyObject* value, Py_ssize_t held) {
  PyTypeObject* const type = Py_TYPE(value);
  if (type == &PyUnicode_Type) {
    write_text(value);
  } else if (type == &PyLong_Type) {
    write_long(value);
  } else if (type == &PyFloat_Type) {
    put(Tag::floating, PyFloat_AsDouble(value));
  } else if (value == Py_None) {
    put(Tag::none);
  } else if (type == &PyBool_Type) {
    put(value == Py_True ? Tag::yes : Tag::no);
  } else {
    return write_other(value, held);
  }
  return true;
}

void ValueWriter::write_long(PyObject* value) {
  int overflow = 0;
  const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
  if (overflow != 0) [[unlikely]] {
    const nb::bytes bytes(bytes_of_long(value));
    put(Tag::integer);
    put_sized({bytes.c_str(), bytes.size()});
    return;
  }
  const auto fits = [&]<class T>(T) {
    return number >= std::numeric_limits<T>::min() && number <= std::numeric_limits<T>::max();
  };
  const auto put_as = [&]<class T>(Tag tag, T) { put(tag, static_cast<T>(number)); };
  if (number >= least_small && number <= most_small) {
    out_.put(static_cast<std::uint8_t>(static_cast<long long>(Tag::small) + number - least_small));
  } else if (fits(std::int8_t{})) {
    put_as(Tag::int8, std::int8_t{});
  } else if (fits(std::int16_t{})) {
    put_as(Tag::int16, std::int16_t{});
  } else if (fits(std::int32_t{})) {
    put_as(Tag::int32, std::int32_t{});
  } else {
    put_as(Tag::int64, std::int64_t{});
  }
}

void ValueWriter::write_text(PyObject* value) {
  const Utf8 text(value);
  const std::string_view bytes = text.view();
  if (bytes.size() < short_texts) {
    out_.put(static_cast<std::uint8_t>(static_cast<std::size_t>(Tag::short_text) + bytes.size()));
    out_.put_bytes(bytes.data(), bytes.size());
  } else {
    put(Tag::text);
    put_sized(bytes);
  }
}

bool ValueWriter::write_other(PyObject* value, Py_ssize_t held) {
  // Making a plan may run functions of the user, and so may everything below.
  const nb::object own = nb::borrow(value);
  TypePlan& plan = values_.plan_of(Py_TYPE(value));
  if (plan.kind == Kind::pickled) {
    return false;
  }
  if (!may_be_shared(plan.kind) || Py_REFCNT(value) <= unshared + held) {
    return write_kind(value, plan);
  }
  if (plan.kind == Kind::tuple && PyTuple_Size(value) == 0) {
    return write_kind(value, plan);
  }
  if (const std::size_t number = memo_.find(value); number != Memo::unknown) {
    if (!memo_.complete(number) && needs_its_parts(plan.kind)) {
      return false;
    }
    put(Tag::seen);
    out_.put_length(number);
    return true;
  }
  const std::size_t number = memo_.add(value);
  put(Tag::remembered);
  const bool written = write_kind(value, plan);
  memo_.set_complete(number);
  return written;
}

bool ValueWriter::write_kind(PyObject* value, TypePlan& plan) {
  const Nesting nesting(depth_);
  switch (plan.kind) {
    case Kind::instance:
      return write_instance(value, plan);
    case Kind::list:
      return write_list(value);
    case Kind::tuple:
      return write_tuple(value);
    case Kind::dict:
      put(Tag::dict);
      return write_pairs(value);
    case Kind::set:
      return write_set(value, Tag::set);
    case Kind::frozenset:
      return write_set(value, Tag::frozenset);
    case Kind::deque:
      return write_deque(value);
    case Kind::ordered_dict:
      return write_ordered_dict(value);
    case Kind::counter:
      return write_counter(value);
    case Kind::defaultdict:
      return write_defaultdict(value);
    case Kind::bytes:
      put(Tag::bytes);
      put_sized({PyBytes_AsString(value), static_cast<std::size_t>(PyBytes_Size(value))});
      return true;
    case Kind::bytearray:
      put(Tag::bytearray);
      put_sized({PyByteArray_AsString(value), static_cast<std::size_t>(PyByteArray_Size(value))});
      return true;
    case Kind::enum_member:
    case Kind::flag:
      return write_member(value, plan);
    case Kind::registered:
      return write_registered(value, plan);
    default:
      return write_special(value, plan.kind, out_);
  }
}

bool ValueWriter::write_list(PyObject* list) {
  const Py_ssize_t size = PyList_Size(list);
  put(Tag::list);
  out_.put_length(static_cast<std::uint64_t>(size));
  for (Py_ssize_t i = 0; i < size; ++i) {
    if (PyList_Size(list) != size) [[unlikely]] {
      throw_changed("list");
    }
    if (!write(PyList_GetItem(list, i))) {
      return false;
    }
  }
  return true;
}

bool ValueWriter::write_tuple(PyObject* tuple) {
  const Py_ssize_t size = PyTuple_Size(tuple);
  put(Tag::tuple);
  out_.put_length(static_cast<std::uint64_t>(size));
  for (Py_ssize_t i = 0; i < size; ++i) {
    if (!write(PyTuple_GetItem(tuple, i))) {
      return false;
    }
  }
  return true;
}

bool ValueWriter::write_pairs(PyObject* dict) {
  const Py_ssize_t size = PyDict_Size(dict);
  out_.put_length(static_cast<std::uint64_t>(size));
  Py_ssize_t position = 0;
  Py_ssize_t count = 0;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  while (PyDict_Next(dict, &position, &key, &value) != 0) {
    const nb::object held = nb::borrow(value);  // writing the key may remove it
    if (++count > size || !write(key) || !write(value, 1)) {
      return false;
    }
    if (PyDict_Size(dict) != size) [[unlikely]] {
      throw_changed("dict");
    }
  }
  return count == size;
}

bool ValueWriter::write_set(PyObject* set, Tag tag) {
  const Py_ssize_t size = PySet_Size(set);
  put(tag);
  out_.put_length(static_cast<std::uint64_t>(size));
  Py_ssize_t left = size;
  const nb::object iterator = owned(PyObject_GetIter(set));
  while (PyObject* const element = PyIter_Next(iterator.ptr())) {
    const nb::object held = nb::steal(element);
    if (--left < 0 || !write(element, 1)) {
      return false;
    }
  }
  if (PyErr_Occurred() != nullptr) [[unlikely]] {
    nb::raise_python_error();
  }
  return left == 0;
}

bool ValueWriter::write_member(PyObject* member, TypePlan& plan) {
  const PythonTypes& types = python_types();
  const bool is_flag = plan.kind == Kind::flag;
  put_shape(is_flag ? Tag::flag : Tag::enum_member, *plan.shapes.front());
  return write(owned(PyObject_GetAttr(
                         member, (is_flag ? types.enum_value_text : types.enum_names_text).ptr()))
                   .ptr());
}

bool ValueWriter::write_registered(PyObject* value, TypePlan& plan) {
  put_shape(Tag::registered, *plan.shapes.front());
  const nb::object encode = plan.encode;
  const nb::object replaced = encode(nb::handle(value));
  return write(replaced.ptr());
}

}  // namespace wallaroo::python
