// Finds the key group of a key, and the executor that owns the group.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace wallaroo::internal {

/// The number of key groups, which are the units of placement and migration. It is fixed: it bounds
/// how many executors can share a keyed stage, and checkpoints depend on it.
inline constexpr std::size_t key_group_count = 256;

/// The group of a key. It uses other bits of the hash than state tables, which use the lowest byte
/// and the highest bits.
constexpr std::size_t key_group(std::uint64_t hash) {
  return static_cast<std::size_t>(hash >> 24) & (key_group_count - 1);
}

/// The groups of a checkpoint of another version, which may have had fewer of them. Groups are bits
/// of the hash, and more groups take bits above those. So group g of `saved_groups` became the
/// groups g, g + saved_groups, and so on.
constexpr bool become_groups(std::size_t saved_groups) {
  return saved_groups != 0 && key_group_count % saved_groups == 0;
}

/// Says which slot owns each key group. A slot is an executor of the run, counted over all its
/// workers. A value that everybody shares and nobody changes: a change is another assignment, with
/// a higher version.
class Assignment {
 public:
  using Owners = std::array<std::uint16_t, key_group_count>;

  Assignment(std::uint64_t version, const Owners& owners) : version_(version), owners_(owners) {}

  std::uint64_t version() const { return version_; }
  std::size_t owner(std::size_t group) const { return owners_[group]; }
  const Owners& owners() const { return owners_; }

 private:
  std::uint64_t version_;
  Owners owners_;
};

using AssignmentPtr = std::shared_ptr<const Assignment>;

/// The slot that owns a group when `slots` slots share `groups` groups evenly, in runs.
constexpr std::uint16_t even_owner(std::size_t group, std::size_t slots, std::size_t groups) {
  return static_cast<std::uint16_t>(group * slots / groups);
}

/// The assignment of a run that has the same slots from its beginning to its end. Version 0.
inline AssignmentPtr assign_evenly(std::size_t slots) {
  Assignment::Owners owners{};
  for (std::size_t group = 0; group < key_group_count; ++group) {
    owners[group] = even_owner(group, slots, key_group_count);
  }
  return std::make_shared<const Assignment>(0, owners);
}

}  // namespace wallaroo::internal
