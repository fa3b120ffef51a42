// Bytes to containers of the module collections.
#include <cstdint>
#include <vector>

#include "python/values/native/value_reader.hpp"
#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;

nb::object ValueReader::read_deque() {
  const std::size_t most = read_number();  // one more than its maxlen; 0 for none
  const std::size_t size = read_count();
  const nb::object& type = python_types().deque;
  const nb::object deque =
      most == 0 ? type() : type(python_types().no_arguments, nb::arg("maxlen") = most - 1);
  remember(deque);
  const nb::object append = deque.attr("append");
  for (std::size_t i = 0; i < size; ++i) {
    append(read());
  }
  return deque;
}

nb::object ValueReader::read_ordered_dict() {
  const std::size_t size = read_count();
  const nb::object dict = python_types().ordered_dict();
  remember(dict);
  for (std::size_t i = 0; i < size; ++i) {
    const nb::object key = read();
    const nb::object value = read();
    check_call(PyObject_SetItem(dict.ptr(), key.ptr(), value.ptr()));
  }
  return dict;
}

nb::object ValueReader::read_counter() {
  const nb::object counter = python_types().counter();
  remember(counter);
  fill_dict(counter.ptr());
  return counter;
}

nb::object ValueReader::read_defaultdict() {
  const std::vector<nb::object>& factories = python_types().factories;
  const auto number = in_.get<std::uint8_t>();
  if (number >= factories.size()) {
    throw StoredError("stored bytes are broken: a defaultdict has a factory that is not known");
  }
  const nb::object dict = python_types().defaultdict(factories[number]);
  remember(dict);
  fill_dict(dict.ptr());
  return dict;
}

}  // namespace wallaroo::python
