// Which executor of which worker owns each key group and runs each single stage. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace wallaroo::internal::cluster {

/// An executor of a cluster.
struct ExecutorId {
  std::string worker;
  std::uint32_t executor = 0;

  friend auto operator<=>(const ExecutorId&, const ExecutorId&) = default;
};

/// A member, and how many executors it has.
struct MemberSize {
  std::string worker;
  std::uint32_t executors = 0;

  friend bool operator==(const MemberSize&, const MemberSize&) = default;
};

/// Everything that the members of a generation must agree on about who does what. A value: it is
/// made by `assign`, stored in etcd, and never changed.
struct Assignment {
  std::uint64_t version = 0;  ///< rises with every change
  std::vector<ExecutorId> executors;
  std::vector<std::uint16_t> groups;          ///< [key group]: index into `executors`
  std::map<std::string, ExecutorId> singles;  ///< where sources, sinks and single stages run

  friend bool operator==(const Assignment&, const Assignment&) = default;
};

struct AssignmentWish {
  std::vector<MemberSize> members;
  std::vector<std::string> singles;
  std::size_t groups = 0;
  /// The cost of moving each group, such as its bytes in the last checkpoint. Without costs all
  /// groups cost the same.
  std::vector<std::uint64_t> costs = {};
};

/// Returns an assignment to `wish.members`, of whom there is at least one with an executor:
///
/// * Every executor has floor(groups / executors) groups, or one more.
/// * No assignment with that property keeps more groups at the owner that they have in `before`.
///   An owner that has too many gives the cheapest ones away. No group moves between two executors
///   of which neither has too many nor is new.
/// * A single stays where it is while that executor exists. Otherwise the member with the highest
///   hash of (single, worker) takes it, so that singles spread, and every leader decides alike.
///
/// The version is that of `before` when nothing changes, else one more.
Assignment assign(const Assignment& before, const AssignmentWish& wish);

}  // namespace wallaroo::internal::cluster
