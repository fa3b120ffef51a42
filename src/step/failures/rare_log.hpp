// Which of many equal messages are worth a line in the log.
#pragma once

#include <bit>
#include <cstdint>

namespace wallaroo::internal {

/// The first ones in full, then ever fewer: a poisoned input must not fill the log. `count` is that
/// of the messages so far, this one included.
constexpr bool worth_logging(std::uint64_t count) {
  return count <= 8 || std::has_single_bit(count);
}

}  // namespace wallaroo::internal
