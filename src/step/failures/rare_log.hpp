// Decides which of many equal messages are logged.
#pragma once

#include <bit>
#include <cstdint>

namespace wallaroo::internal {

/// True for the first messages, and then for ever fewer, because broken input must not fill the
/// log. `count` is the number of messages so far, including this one.
constexpr bool worth_logging(std::uint64_t count) {
  return count <= 8 || std::has_single_bit(count);
}

/// True if a message with one of the counts in (before, after] is worth logging.
constexpr bool worth_logging(std::uint64_t before, std::uint64_t after) {
  return before < 8 || std::bit_floor(after) > before;
}

}  // namespace wallaroo::internal
