#include "python/values/process_values.hpp"

#include <utility>

#include "python/values/python_types.hpp"

namespace wallaroo::python {

namespace nb = nanobind;
using internal::StoredReader;

namespace {

/// More shapes than this are made anew for each message: only broken or hostile messages have them.
constexpr std::size_t most_read_shapes = 10'000;

ProcessValues* all_values = nullptr;  // constant after the import of the module

}  // namespace

TypePlan& ProcessValues::add_plan(PyTypeObject* type) {
  // Making the plan may run functions of the user, which may make the same plan.
  std::unique_ptr<TypePlan> plan = make_plan(classes_, type);
  auto& place = plans_[type];
  if (place == nullptr) {
    place = std::move(plan);
  }
  return *place;
}

std::shared_ptr<const ReadShape> ProcessValues::read_shape(StoredReader& in) {
  const char* const begin = in.position();
  const ShapeText text = read_definition(in);
  std::string definition(begin, in.position());
  if (const auto found = read_shapes_.find(definition); found != read_shapes_.end()) {
    return found->second;
  }
  std::shared_ptr<const ReadShape> shape = make_read_shape(classes_, text);
  if (read_shapes_.size() < most_read_shapes) {
    read_shapes_.emplace(std::move(definition), shape);
  }
  return shape;
}

void ProcessValues::forget_plans() {
  for (auto& [type, plan] : plans_) {
    old_plans_.push_back(std::move(plan));
  }
  plans_.clear();
  last_type_ = nullptr;
  read_shapes_.clear();
}

void ProcessValues::set_hooks(nb::object serialize, nb::object deserialize) {
  if (serialize.is_none() != deserialize.is_none()) {
    throw nb::value_error("an application that has one of serialize and deserialize needs both");
  }
  const bool has_some = !serialize.is_none();
  serialize_ = has_some ? std::move(serialize) : nb::object();
  deserialize_ = has_some ? std::move(deserialize) : nb::object();
}

void make_process_values() { all_values = new ProcessValues; }
ProcessValues& process_values() { return *all_values; }

}  // namespace wallaroo::python
