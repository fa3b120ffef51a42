// Lets tests make a step of a checkpoint fail.
#pragma once

#include <string_view>

#include <wallaroo/types/error.hpp>

#include "base/failpoint.hpp"
#include "io/socket.hpp"

namespace wallaroo::internal {

/// Calls `step` between the failpoints of that name. Throws IoError when a test has set one of
/// them.
template <class Step>
void with_failpoint(FailpointGroup points, std::string_view name, Step step) {
  const auto require = [](int error) {
    if (error != 0) {
      throw IoError(error_text(error));
    }
  };
  require(points.before(name));
  step();
  require(points.after(name));
}

}  // namespace wallaroo::internal
