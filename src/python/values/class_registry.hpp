// Classes by the names under which values name them.
#pragma once

#include <string>
#include <string_view>

#include <nanobind/nanobind.h>

namespace wallaroo::python {

/// The user's functions that turn an object of a class into another one and back.
struct CodecFunctions {
  nanobind::object encode;
  nanobind::object decode;
  explicit operator bool() const { return encode.is_valid(); }
};

/// Finds classes by name, such as "shop.orders:Order", among the modules that are imported already:
/// no value that is read makes Python import anything.
class ClassRegistry {
 public:
  ClassRegistry();

  /// The name of the class, or an empty string when it could not be found by it, as with a class
  /// that a function made.
  std::string name_of(PyTypeObject* type) const;

  /// The class that has this name, or that was added under it. Throws StoredError when there is
  /// none, or when its module is not among those that are allowed.
  nanobind::object find(std::string_view name);

  /// Gives the class another name, which it had once: "shop.Order" or "shop.orders:Order.Line".
  void add(std::string_view name, nanobind::handle type);

  /// Encodes objects of exactly this class by functions. Throws a Python exception if `type` is no
  /// class.
  void add_functions(nanobind::handle type, nanobind::handle encode, nanobind::handle decode);
  /// The functions of the class; empty if it has none.
  CodecFunctions functions_of(nanobind::handle type) const;

  /// True unless only classes of other modules may be read. `name` is what name_of returned.
  bool is_allowed(std::string_view name) const;
  /// From now on only classes of the modules that are imported now are found, besides those that
  /// were added, and those of `__main__`.
  void allow_only_present_modules();

  // What pickling needs of it: a dict of dotted names to classes, a dict of classes to pairs of
  // functions, and the names of the allowed modules as a frozenset, or None.
  nanobind::object added() const { return added_; }
  nanobind::object functions() const { return functions_; }
  nanobind::object allowed() const { return allowed_; }

 private:
  nanobind::object look_up(std::string_view module, std::string_view path) const;

  nanobind::object added_;      ///< dict: dotted name to class
  nanobind::object found_;      ///< dict: name to class
  nanobind::object functions_;  ///< dict: class to (encode, decode)
  nanobind::object allowed_;    ///< frozenset of names of modules, or None: all
};

}  // namespace wallaroo::python
