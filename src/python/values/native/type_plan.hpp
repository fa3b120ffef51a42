// How the values of a class are encoded, found out once per class.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include "python/objects/own_values.hpp"
#include "python/values/class_registry.hpp"

namespace wallaroo::python {

enum class Kind : std::uint8_t {
  bytes,
  bytearray,
  list,
  tuple,
  dict,
  set,
  frozenset,
  deque,
  ordered_dict,
  counter,
  defaultdict,
  instance,
  enum_member,
  flag,
  registered,
  date,
  datetime,
  time,
  timedelta,
  decimal,
  uuid,
  numpy_scalar,
  numpy_array,
  pickled,  ///< not by this codec
};

/// The names of the attributes that an instance has: those of its slots that are set, then those in
/// its `__dict__`, in this order. A message describes each of its shapes once.
struct Shape {
  std::vector<nanobind::object> names;  ///< interned
  std::size_t slots = 0;                ///< how many of them are slots
  std::string definition;               ///< as it is written
  Places places;                        ///< of the names, in instances without a `__dict__`

  // What find_inline_values knows of the class.
  bool may_be_inline = false;           ///< whether it can read instances of this shape
  unsigned class_version = 0;           ///< of the class when the values below were found
  std::vector<PyObject*> class_values;  ///< of the same names, null for none; only to compare
};

struct TypePlan {
  Kind kind = Kind::pickled;
  nanobind::object type;  ///< keeps the class alive, so that its address stays its own
  std::string name;       ///< of the class in the registry
  std::vector<nanobind::object> slot_names;
  bool has_dict = false;
  nanobind::object encode;  ///< the user's function of a registered class
  std::vector<std::unique_ptr<Shape>> shapes;
  Shape* last_shape = nullptr;  ///< of the instance that was encoded last
  /// How many of the next values go to pickle without an attempt, because the last one had to.
  int skips = 0;
};

/// Makes the plan of a class. The class of a value that only pickle can store has Kind::pickled.
std::unique_ptr<TypePlan> make_plan(ClassRegistry& classes, PyTypeObject* type);

/// True when objects of the class are made by object.__new__ and have nothing but attributes.
bool is_made_of_attributes(PyTypeObject* type);
/// True when besides the class has no say in how its objects are copied, so that an object with the
/// same attributes is equal to the one that was stored.
bool is_plain(PyTypeObject* type);

/// The definition of a shape with these names of attributes.
std::string definition_of(const std::string& class_name, std::size_t slots,
                          const std::vector<nanobind::object>& names);

}  // namespace wallaroo::python
