#include "base/current_error.hpp"

#include <exception>

namespace wallaroo::internal {

std::string current_error() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

}  // namespace wallaroo::internal
