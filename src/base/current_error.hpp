// What an exception says.
#pragma once

#include <string>

namespace wallaroo::internal {

/// Of the exception that is being handled: only inside of a catch block.
std::string current_error();

}  // namespace wallaroo::internal
