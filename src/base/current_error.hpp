// The message of an exception.
#pragma once

#include <string>

namespace wallaroo::internal {

/// The message of the exception that is being handled. Call it only inside a catch block.
std::string current_error();

}  // namespace wallaroo::internal
