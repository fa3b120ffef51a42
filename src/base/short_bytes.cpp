#include "base/short_bytes.hpp"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace wallaroo::internal {

std::uint64_t hash_long(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

bool equal_slowly(std::string_view a, std::string_view b) {
  return a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace wallaroo::internal
