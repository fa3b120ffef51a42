// Options of a computation.
#pragma once

#include <wallaroo/connector_options.hpp>

namespace wallaroo {

struct StageOptions {
  OnError on_error = OnError::stop;  ///< when the function throws
};

}  // namespace wallaroo
