#include "base/check.hpp"

#include <stdexcept>

#include <fmt/format.h>

namespace wallaroo::internal {

void invariant_broken(const char* invariant, const char* file, int line) {
  throw std::logic_error(fmt::format("broken invariant: {} ({}:{})", invariant, file, line));
}

}  // namespace wallaroo::internal
