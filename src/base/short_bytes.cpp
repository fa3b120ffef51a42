#include "base/short_bytes.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace wallaroo::internal {

std::uint64_t hash_long(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace wallaroo::internal
