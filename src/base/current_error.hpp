// The message of an exception.
#pragma once

#include <exception>
#include <string>

namespace wallaroo::internal {

/// The message of the exception that is being handled. Call it only inside a catch block.
std::string current_error();
/// The message of an exception that was caught. Requires that there is one.
std::string message_of(const std::exception_ptr& error);

}  // namespace wallaroo::internal
