#include "step/chain_context.hpp"

#include <fmt/format.h>

namespace wallaroo::internal {

ChainContext::~ChainContext() = default;

std::string ChainContext::where() const {
  return origin.empty() ? std::string() : fmt::format("{}, record {}", origin, position + 1);
}

}  // namespace wallaroo::internal
