// Remembers how far windows were closed on the executors that owned the key groups before a
// restart.
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

/// A time-out closes the windows of one executor. After a restart, its key groups may come together
/// with groups of other executors. The limit of the stage is then the least of their limits, and
/// each group keeps its own while that is greater: otherwise a late record would open a window
/// again that has fired. Without group limits, the usual case, this costs one test.
class GroupLimits {
 public:
  bool empty() const { return limits_.empty(); }
  /// The limit of a key: windows due by then have fired, or take no more records.
  std::int64_t of(std::uint64_t hash, std::int64_t limit_ns) const {
    return limits_.empty() ? limit_ns : std::max(limit_ns, limits_[key_group(hash)]);
  }
  /// The stage's limit has moved. Group limits that are not beyond it no longer matter.
  void pass(std::int64_t limit_ns) {
    if (!limits_.empty() && greatest_ <= limit_ns) {
      limits_.clear();
    }
  }
  /// The limits by key group; empty if there are none.
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

/// Returns the limit that each key group had on the executor that owned it. `all` are the clocks of
/// all executors in their order; `owners` is that of SavedInstances. `Saved` has a `limit`, and the
/// `group_limits` of a GroupLimits.
template <class Saved>
std::vector<std::int64_t> limits_of_groups(std::span<const Saved> all,
                                           std::span<const std::uint16_t> owners) {
  if (all.size() == 1 && all.front().group_limits.empty()) {
    return {};
  }
  const auto owner_of = [&](std::size_t group) -> const Saved& {
    const std::size_t even = even_owner(group, all.size(), key_group_count);
    return all[owners.empty() ? even : owners[group % owners.size()]];
  };
  std::vector<std::int64_t> limits(key_group_count);
  for (std::size_t group = 0; group < key_group_count; ++group) {
    const Saved& owner = owner_of(group);
    const auto& own = owner.group_limits;
    limits[group] = own.empty() ? owner.limit : std::max(owner.limit, own[group % own.size()]);
  }
  return limits;
}

}  // namespace wallaroo::internal
