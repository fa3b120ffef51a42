#include "base/check.hpp"

#include <stdexcept>

#include <fmt/format.h>

namespace wallaroo::internal {

void invariant_broken(const char* invariant, std::source_location where) {
  throw std::logic_error(
      fmt::format("broken invariant: {} ({}:{})", invariant, where.file_name(), where.line()));
}

}  // namespace wallaroo::internal
