// The objects of a message that may be met again.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <boost/unordered/unordered_flat_map.hpp>

namespace wallaroo::python {

/// Numbers objects in the order in which they are added, and keeps them alive, so that no other
/// object gets the address of one.
class Memo {
 public:
  static constexpr std::size_t unknown = static_cast<std::size_t>(-1);

  /// The number of the object, or `unknown`.
  std::size_t find(PyObject* object) const {
    if (!by_address_.empty()) {
      const auto found = by_address_.find(object);
      return found == by_address_.end() ? unknown : found->second;
    }
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      if (objects_[i].object.ptr() == object) {
        return i;
      }
    }
    return unknown;
  }
  std::size_t add(PyObject* object) {
    const std::size_t number = objects_.size();
    objects_.push_back({nanobind::borrow(object), false});
    if (objects_.size() > few) {
      for (std::size_t i = by_address_.size(); i <= number; ++i) {
        by_address_.emplace(objects_[i].object.ptr(), i);
      }
    }
    return number;
  }

  /// True when all of the object has been written.
  bool complete(std::size_t number) const { return objects_[number].complete; }
  void set_complete(std::size_t number) { objects_[number].complete = true; }

 private:
  static constexpr std::size_t few = 8;
  struct Entry {
    nanobind::object object;
    bool complete;
  };
  std::vector<Entry> objects_;
  boost::unordered_flat_map<PyObject*, std::size_t> by_address_;  ///< empty for a few
};

}  // namespace wallaroo::python
