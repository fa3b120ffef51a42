// Key -> key group -> executor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace wallaroo::internal {

/// The unit of placement and migration. Fixed for all applications: it bounds how many executors
/// can share a keyed stage, and is part of what a checkpoint means.
inline constexpr std::size_t key_group_count = 256;

/// Takes bits that the state tables do not: those use the lowest byte and the highest bits.
constexpr std::size_t key_group(std::uint64_t hash) {
  return static_cast<std::size_t>(hash >> 24) & (key_group_count - 1);
}

/// Which executor owns each key group.
class Assignment {
 public:
  explicit Assignment(int executors) {
    for (std::size_t group = 0; group < key_group_count; ++group) {
      owners_[group] =
          static_cast<std::uint16_t>(group * static_cast<std::size_t>(executors) / key_group_count);
    }
  }
  std::size_t owner(std::size_t group) const { return owners_[group]; }

 private:
  std::array<std::uint16_t, key_group_count> owners_{};
};

}  // namespace wallaroo::internal
