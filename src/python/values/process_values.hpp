// What this process knows of the classes of values, and how it stores them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include "python/values/class_registry.hpp"
#include "python/values/native/read_shape.hpp"
#include "python/values/native/type_plan.hpp"
#include "record/stored/stored_bytes.hpp"

namespace wallaroo::python {

/// Plans of classes and shapes, which are made once, and the settings of the codec. There is one
/// for the process, as there is one of Python's table of modules. Requires the interpreter's lock.
class ProcessValues {
 public:
  ClassRegistry& classes() { return classes_; }

  /// The plan is valid as long as the process lives.
  TypePlan& plan_of(PyTypeObject* type) {
    if (type == last_type_) [[likely]] {
      return *last_plan_;
    }
    const auto found = plans_.find(type);
    last_plan_ = found != plans_.end() ? found->second.get() : &add_plan(type);
    last_type_ = type;
    return *last_plan_;
  }
  /// Reads the definition of a shape.
  std::shared_ptr<const ReadShape> read_shape(internal::StoredReader& in);
  /// Makes plans anew, because classes were registered.
  void forget_plans();

  /// From now on objects are stored by these functions of the application alone; None and None
  /// switch back.
  void set_hooks(nanobind::object serialize, nanobind::object deserialize);
  const nanobind::object& serialize() const { return serialize_; }
  const nanobind::object& deserialize() const { return deserialize_; }
  bool has_hooks() const { return serialize_.is_valid(); }

  /// Whether values that the codec cannot store may be pickled.
  void set_pickle_allowed(bool allowed) { pickle_allowed_ = allowed; }
  bool pickle_allowed() const { return pickle_allowed_; }

 private:
  TypePlan& add_plan(PyTypeObject* type);

  ClassRegistry classes_;
  boost::unordered_flat_map<PyTypeObject*, std::unique_ptr<TypePlan>> plans_;
  PyTypeObject* last_type_ = nullptr;  ///< whose plan was asked for last
  TypePlan* last_plan_ = nullptr;
  /// Plans that values may still be using.
  std::vector<std::unique_ptr<TypePlan>> old_plans_;
  boost::unordered_flat_map<std::string, std::shared_ptr<const ReadShape>> read_shapes_;
  nanobind::object serialize_;
  nanobind::object deserialize_;
  bool pickle_allowed_ = true;
};

/// Makes the one of this process. Call once, when the module is imported.
void make_process_values();
ProcessValues& process_values();

}  // namespace wallaroo::python
