#pragma once

#include <cstdint>
#include <cstring>

namespace wallaroo::giles {

inline void put_u32_be(std::uint32_t value, char* out) {
  const std::uint32_t swapped = __builtin_bswap32(value);
  std::memcpy(out, &swapped, sizeof swapped);
}

inline void put_u64_be(std::uint64_t value, char* out) {
  const std::uint64_t swapped = __builtin_bswap64(value);
  std::memcpy(out, &swapped, sizeof swapped);
}

inline std::uint32_t get_u32_be(const char* bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap32(value);
}

}  // namespace wallaroo::giles
