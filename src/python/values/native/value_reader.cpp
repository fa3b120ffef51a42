#include "python/values/native/value_reader.hpp"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "python/values/process_values.hpp"
#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;

namespace {

nb::object long_of(long long value) { return owned(PyLong_FromLongLong(value)); }

}  // namespace

nb::object ValueReader::read() {
  const auto tag = in_.get<std::uint8_t>();
  if (tag >= static_cast<std::uint8_t>(Tag::small)) {
    return long_of(tag - static_cast<long long>(Tag::small) + least_small);
  }
  constexpr auto short_text = static_cast<std::uint8_t>(Tag::short_text);
  if (tag >= short_text && tag < short_text + short_texts) {
    return text_of_utf8(in_.get_bytes(tag - short_text));
  }
  switch (static_cast<Tag>(tag)) {
    case Tag::none:
      return nb::none();
    case Tag::no:
      return nb::bool_(false);
    case Tag::yes:
      return nb::bool_(true);
    case Tag::floating:
      return owned(PyFloat_FromDouble(in_.get<double>()));
    case Tag::int8:
      return long_of(in_.get<std::int8_t>());
    case Tag::int16:
      return long_of(in_.get<std::int16_t>());
    case Tag::int32:
      return long_of(in_.get<std::int32_t>());
    case Tag::int64:
      return long_of(in_.get<std::int64_t>());
    default:
      return read_tag(tag);
  }
}

nb::object ValueReader::read_tag(unsigned char tag) {
  struct Nesting {
    explicit Nesting(int& nesting_depth) : depth(++nesting_depth) {}
    ~Nesting() { --depth; }
    int& depth;
  } const nesting(depth_);
  if (depth_ > most_nested_values) {
    raise_recursion_error("a stored value is nested too deeply to be decoded");
  }
  switch (static_cast<Tag>(tag)) {
    case Tag::integer:
      return long_of_bytes(in_.get_string());
    case Tag::text:
      return text_of_utf8(in_.get_string());
    case Tag::bytes: {
      const std::string_view bytes = in_.get_string();
      return nb::bytes(bytes.data(), bytes.size());
    }
    case Tag::bytearray: {
      const std::string_view bytes = in_.get_string();
      nb::object array =
          owned(PyByteArray_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size())));
      remember(array);
      return array;
    }
    case Tag::list:
      return read_list();
    case Tag::tuple:
      return read_tuple();
    case Tag::dict:
      return read_dict();
    case Tag::set:
    case Tag::frozenset:
      return read_set(static_cast<Tag>(tag));
    case Tag::deque:
      return read_deque();
    case Tag::ordered_dict:
      return read_ordered_dict();
    case Tag::counter:
      return read_counter();
    case Tag::defaultdict:
      return read_defaultdict();
    case Tag::instance:
      return read_instance();
    case Tag::enum_member:
    case Tag::flag:
      return read_member(static_cast<Tag>(tag));
    case Tag::registered:
      return read_registered();
    case Tag::remembered:
      return read_remembered();
    case Tag::seen:
      return read_seen();
    default:
      return read_special(static_cast<Tag>(tag), in_);
  }
}

std::size_t ValueReader::read_count() {
  const std::size_t count = in_.get_count(1);
  if (count > elements_left_) {
    throw StoredError(
        "stored bytes are broken: containers claim more elements than there are bytes");
  }
  elements_left_ -= count;
  return count;
}

std::size_t ValueReader::read_number() {
  std::size_t number = 0;
  for (int shift = 0; shift < 63; shift += 7) {
    const auto byte = in_.get<std::uint8_t>();
    number |= std::size_t{byte & 0x7fU} << shift;
    if (byte < 0x80) {
      return number;
    }
  }
  throw StoredError("stored bytes are broken: a number is too large");
}

void ValueReader::check_at_end() const {
  if (!in_.empty()) {
    throw StoredError(
        fmt::format("stored bytes are broken: {} are left after a value", in_.left()));
  }
}

void ValueReader::remember(const nb::object& object) {
  if (remembering_ != nothing) {
    memo_[std::exchange(remembering_, nothing)] = object;
  }
}

nb::object ValueReader::read_remembered() {
  const std::size_t number = memo_.size();
  memo_.emplace_back();
  remembering_ = number;
  nb::object value = read();
  remembering_ = nothing;
  memo_[number] = value;
  return value;
}

nb::object ValueReader::read_seen() {
  const std::size_t number = read_number();
  if (number >= memo_.size() || !memo_[number].is_valid()) {
    throw StoredError("stored bytes are broken: they refer to a value that is not there");
  }
  return memo_[number];
}

nb::object ValueReader::read_list() {
  const std::size_t size = read_count();
  nb::object list = owned(PyList_New(0));
  remember(list);
  for (std::size_t i = 0; i < size; ++i) {
    const nb::object element = read();
    check_call(PyList_Append(list.ptr(), element.ptr()));
  }
  return list;
}

nb::object ValueReader::read_tuple() {
  remembering_ = nothing;
  const std::size_t size = read_count();
  nb::object tuple = owned(PyTuple_New(static_cast<Py_ssize_t>(size)));
  for (std::size_t i = 0; i < size; ++i) {
    check_call(PyTuple_SetItem(tuple.ptr(), static_cast<Py_ssize_t>(i), read().release().ptr()));
  }
  return tuple;
}

nb::object ValueReader::read_dict() {
  nb::object dict = owned(PyDict_New());
  remember(dict);
  fill_dict(dict.ptr());
  return dict;
}

void ValueReader::fill_dict(PyObject* dict) {
  const std::size_t size = read_count();
  for (std::size_t i = 0; i < size; ++i) {
    const nb::object key = read();
    const nb::object value = read();
    check_call(PyDict_SetItem(dict, key.ptr(), value.ptr()));
  }
}

nb::object ValueReader::read_set(Tag tag) {
  const std::size_t size = read_count();
  nb::object set = owned(PySet_New(nullptr));
  const std::size_t number = std::exchange(remembering_, nothing);
  if (tag == Tag::set && number != nothing) {
    memo_[number] = set;
  }
  for (std::size_t i = 0; i < size; ++i) {
    const nb::object element = read();
    check_call(PySet_Add(set.ptr(), element.ptr()));
  }
  return tag == Tag::set ? set : owned(PyFrozenSet_New(set.ptr()));
}

nb::object ValueReader::read_registered() {
  remembering_ = nothing;
  const std::shared_ptr<const ReadShape> shape = read_shape();
  const nb::object replaced = read();
  if (!shape->decode.is_valid()) {
    throw StoredError(fmt::format(
        "a stored value of class {} was made by a function that was registered for the class, but "
        "none is registered now; register both again with wallaroo.register",
        name_for_messages(shape->python_type())));
  }
  return shape->decode(replaced);
}

}  // namespace wallaroo::python
