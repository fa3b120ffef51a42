// Options of a computation.
#pragma once

#include <wallaroo/types/connector_options.hpp>

namespace wallaroo {

/// Options that every stage and sink has.
struct StageOptions {
  OnError on_error = OnError::stop;  ///< what happens to a record on which the function throws
};

}  // namespace wallaroo
