#pragma once

#include <time.h>

#include <cstdint>

namespace wallaroo::giles {

// CLOCK_MONOTONIC: the same in every process of a machine, so stamps may be compared across them.
inline std::uint64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace wallaroo::giles
