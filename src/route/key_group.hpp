// Finds the key group of a key, and the executor that owns the group.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace wallaroo::internal {

/// The number of key groups, which are the units of placement and migration. It is fixed: it bounds
/// how many executors can share a keyed stage, and checkpoints depend on it.
inline constexpr std::size_t key_group_count = 256;

/// The group of a key. It uses other bits of the hash than state tables, which use the lowest byte
/// and the highest bits.
constexpr std::size_t key_group(std::uint64_t hash) {
  return static_cast<std::size_t>(hash >> 24) & (key_group_count - 1);
}

/// Says which executor owns each key group.
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
