// How far windows were closed where the key groups were before a restart.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/times.hpp"
#include "route/key_group.hpp"

namespace wallaroo::internal {

/// A time-out closes the windows of one executor, and its key groups remember nothing of that. When
/// they come together with others, that of the stage is the least of their limits, and each group
/// keeps its own for as long as that is greater: else a record that is late would open a window
/// again that has fired. Without any, the usual case, it costs a test.
class GroupLimits {
 public:
  bool empty() const { return limits_.empty(); }
  /// Of a key: what is due by then has fired, or takes no more records.
  std::int64_t of(std::uint64_t hash, std::int64_t limit_ns) const {
    return limits_.empty() ? limit_ns : std::max(limit_ns, limits_[key_group(hash)]);
  }
  /// The stage's limit moved; what is not beyond it says nothing any more.
  void pass(std::int64_t limit_ns) {
    if (!limits_.empty() && greatest_ <= limit_ns) {
      limits_.clear();
    }
  }
  /// By key group; empty when there are none.
  const std::vector<std::int64_t>& all() const { return limits_; }
  void set(std::vector<std::int64_t> limits, std::int64_t limit_ns) {
    check(limits.empty() || limits.size() == key_group_count, "a limit for each key group");
    limits_ = std::move(limits);
    greatest_ = limits_.empty() ? no_time : *std::max_element(limits_.begin(), limits_.end());
    pass(limit_ns);
  }

 private:
  std::vector<std::int64_t> limits_;
  std::int64_t greatest_ = no_time;
};

/// The limit of each key group as the executor had it that owned the group, of all executors in
/// their order. `Saved` has a `limit`, and `group_limits`, which are those of a GroupLimits.
template <class Saved>
std::vector<std::int64_t> limits_of_groups(std::span<const Saved> all) {
  if (all.size() == 1) {
    return all.front().group_limits;
  }
  const Assignment before(static_cast<int>(all.size()));
  std::vector<std::int64_t> limits(key_group_count);
  for (std::size_t group = 0; group < key_group_count; ++group) {
    const Saved& owner = all[before.owner(group)];
    limits[group] = owner.group_limits.empty() ? owner.limit
                                               : std::max(owner.limit, owner.group_limits[group]);
  }
  return limits;
}

}  // namespace wallaroo::internal
