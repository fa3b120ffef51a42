// The size of the cache that a core has for itself.
#pragma once

#include <cstddef>

namespace wallaroo::internal {

/// The bytes of the second-level cache; those of a small one if the system does not tell. Does not
/// change while the process runs.
std::size_t private_cache_bytes();

/// True when look-ups in tables with so many bytes of entries mostly wait for memory behind the
/// private cache. A table needs up to twice as much for its entries, and records pass through the
/// same cache.
inline bool exceeds_private_cache(std::size_t bytes) { return bytes > private_cache_bytes() / 4; }

}  // namespace wallaroo::internal
