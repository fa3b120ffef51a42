#include "state/private_cache.hpp"

#include <unistd.h>

namespace wallaroo::internal {

std::size_t private_cache_bytes() {
  static const std::size_t bytes = [] {
    constexpr std::size_t small = 512 << 10;
    const long told = ::sysconf(_SC_LEVEL2_CACHE_SIZE);
    return told > 0 ? static_cast<std::size_t>(told) : small;
  }();
  return bytes;
}

}  // namespace wallaroo::internal
