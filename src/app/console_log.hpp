// The log of a program: lines on standard error.
#pragma once

#include <wallaroo/types/logging.hpp>

namespace wallaroo::internal {

/// Lines with time and level, in colours on a terminal. May be called from any thread. The lines'
/// level was checked by who calls it.
LogCallback console_log();

}  // namespace wallaroo::internal
