// How instances of one shape are made, found out once per shape.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <nanobind/nanobind.h>

#include "record/stored/stored_bytes.hpp"

namespace wallaroo::python {

class ClassRegistry;

/// A shape (see type_plan.hpp) as it was read, with the class of today.
struct ReadShape {
  struct Attribute {
    nanobind::object name;  ///< interned
    /// The name means something else in the class, such as a property, so that it has to go into
    /// the `__dict__` directly.
    bool into_dict = false;
  };
  /// A field of a dataclass that was not stored, since the class has got it later.
  struct Default {
    nanobind::object name;
    nanobind::object value;  ///< or what makes the value
    bool is_factory = false;
  };

  nanobind::object type;
  std::vector<Attribute> attributes;
  std::size_t slots = 0;
  std::vector<Default> defaults;
  nanobind::object set_state;  ///< the `__setstate__` of the class, if it has one
  bool is_instance = false;    ///< whether instances can be made of attributes
  nanobind::object members;    ///< of an enum: its `_member_map_`
  nanobind::object decode;     ///< the user's function of a registered class

  PyTypeObject* python_type() const { return reinterpret_cast<PyTypeObject*>(type.ptr()); }
};

/// The name of a class, the number of its slots and the names of its attributes, as read.
struct ShapeText {
  std::string_view class_name;
  std::size_t slots = 0;
  std::vector<std::string_view> names;
};
/// Reads a definition. Throws StoredError for broken bytes.
ShapeText read_definition(internal::StoredReader& in);

/// Finds the class, and how its instances are made. Throws StoredError when there is no such class.
std::shared_ptr<const ReadShape> make_read_shape(ClassRegistry& classes, const ShapeText& text);

}  // namespace wallaroo::python
