// The generator of applications of the original API.
#pragma once

#include <optional>
#include <utility>

#include "python/objects/callable.hpp"
#include "python/objects/gil.hpp"
#include "python/objects/record.hpp"

namespace wallaroo::python {

/// See ValueGenerator. None from either function ends the generator.
struct PyGenerator {
  using Scope = GilScope;
  Shared initial;
  Shared following;

  std::optional<PyRecord> initial_value() const { return unless_none(call(initial)); }
  std::optional<PyRecord> apply(const PyRecord& current) const {
    return unless_none(call(following, current.get()));
  }

 private:
  static std::optional<PyRecord> unless_none(PyRecord made) {
    return made.get() == Py_None ? std::nullopt : std::optional(std::move(made));
  }
};

}  // namespace wallaroo::python
