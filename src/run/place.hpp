// The worker of a run among those of its plan.
#pragma once

#include <cstddef>
#include <ranges>

#include "base/check.hpp"
#include "plan/members.hpp"

namespace wallaroo::internal {

/// The executors of one worker. Everywhere in a run executors have the numbers of the plan, which
/// counts them over all workers; only the list of the run's own ones begins with 0.
class Place {
 public:
  Place(const Members& members, std::size_t member) {
    check(member < members.all.size(), "a run is that of a worker of its plan");
    for (std::size_t before = 0; before < member; ++before) {
      first_ += members.all[before].executors;
    }
    count_ = members.all[member].executors;
  }

  int count() const { return count_; }
  int first() const { return first_; }
  bool has(int executor) const { return executor >= first_ && executor < first_ + count_; }
  /// The numbers of the worker's executors.
  auto executors() const { return std::views::iota(first_, first_ + count_); }
  /// Where an executor is in the run's own list.
  std::size_t index(int executor) const {
    check(has(executor), "the executor is one of this worker");
    return static_cast<std::size_t>(executor - first_);
  }

 private:
  int first_ = 0;
  int count_ = 0;
};

}  // namespace wallaroo::internal
