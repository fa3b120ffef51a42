// How stages are added to an application; for the files that add them.
#pragma once

#include <functional>
#include <utility>

#include "python/py_application.hpp"

namespace wallaroo::python {

template <class Step>
StreamNumber PyApplication::add(StreamNumber from, StageWords words, internal::StageKind kind,
                                std::function<typename Step::Spec(internal::StageId)> spec) {
  return open()
      .template step<Step>(internal::StreamId(from), std::move(words), kind, std::move(spec))
      .index();
}

}  // namespace wallaroo::python
