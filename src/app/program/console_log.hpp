// Writes the log of a program to standard error.
#pragma once

#include <wallaroo/types/logging.hpp>

namespace wallaroo::internal {

/// Writes lines with time and level, in colours on a terminal. May be called from any thread. The
/// caller leaves out lines below the wanted level.
LogCallback console_log();

}  // namespace wallaroo::internal
