// The hashes that both programs of every pair use. Bits from the middle decide which thread owns a
// key: boost::unordered_flat_map places by the top bits and tags by the low eight, so if either
// decided, each thread's map would use only a biased half of its positions.
#pragma once

#include <cstdint>
#include <string_view>

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

namespace wallaroo::bench {

inline std::uint64_t hash_text(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

// The finaliser of MurmurHash3: every bit of the key reaches every bit of the hash.
inline std::uint64_t hash_number(std::uint64_t key) {
  key ^= key >> 33;
  key *= 0xff51afd7ed558ccdULL;
  key ^= key >> 33;
  key *= 0xc4ceb9fe1a85ec53ULL;
  return key ^ (key >> 33);
}

inline unsigned owner_of(std::uint64_t hash, unsigned threads) {
  return static_cast<unsigned>((((hash >> 16) & 0xffffU) * threads) >> 16);
}

}  // namespace wallaroo::bench
