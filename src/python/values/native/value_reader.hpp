// Bytes to objects.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include <nanobind/nanobind.h>

#include "python/values/native/read_shape.hpp"
#include "python/values/native/value_tags.hpp"
#include "record/stored/stored_bytes.hpp"

namespace wallaroo::python {

class ProcessValues;

/// Reads the values of one message in native form. Safe for any bytes: throws StoredError, or the
/// Python exception that making an object raised, and allocates in proportion to the bytes.
class ValueReader {
 public:
  ValueReader(ProcessValues& values, std::string_view bytes)
      : values_(values), in_(bytes), elements_left_(bytes.size()) {}

  /// The next value.
  nanobind::object read();
  /// Reads the number of values that follow.
  std::size_t read_count();
  /// Reads a number that counts nothing.
  std::size_t read_number();
  /// Throws StoredError when bytes are left.
  void check_at_end() const;

 private:
  nanobind::object read_tag(unsigned char tag);
  nanobind::object read_remembered();
  nanobind::object read_seen();
  nanobind::object read_list();
  nanobind::object read_tuple();
  nanobind::object read_dict();
  /// Reads the pairs of a dict into `dict`, which may be of a derived class.
  void fill_dict(PyObject* dict);
  nanobind::object read_deque();
  nanobind::object read_ordered_dict();
  nanobind::object read_counter();
  nanobind::object read_defaultdict();
  nanobind::object read_set(Tag tag);
  nanobind::object read_instance();
  void read_attributes(PyObject* instance, const ReadShape& shape);
  void read_state(const nanobind::object& instance, const ReadShape& shape);
  nanobind::object read_member(Tag tag);
  nanobind::object read_registered();
  std::shared_ptr<const ReadShape> read_shape();
  /// Makes an object known to those inside of it, if it is a remembered one.
  void remember(const nanobind::object& object);

  static constexpr std::size_t nothing = static_cast<std::size_t>(-1);

  ProcessValues& values_;
  internal::StoredReader in_;
  std::size_t elements_left_;  ///< that the containers not read yet may have in all
  int depth_ = 0;
  std::size_t remembering_ = nothing;  ///< the number of the object that comes next
  std::vector<nanobind::object> memo_;
  std::vector<std::shared_ptr<const ReadShape>> shapes_;
};

/// Reads what write_special wrote.
nanobind::object read_special(Tag tag, internal::StoredReader& in);

}  // namespace wallaroo::python
