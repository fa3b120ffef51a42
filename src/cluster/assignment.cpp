#include "cluster/assignment.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "base/check.hpp"
#include "base/short_bytes.hpp"

namespace wallaroo::internal::cluster {

namespace {

constexpr std::uint16_t nobody = std::numeric_limits<std::uint16_t>::max();

std::vector<ExecutorId> executors_of(const std::vector<MemberSize>& members) {
  std::vector<ExecutorId> executors;
  for (const MemberSize& member : members) {
    for (std::uint32_t i = 0; i != member.executors; ++i) {
      executors.push_back({member.worker, i});
    }
  }
  return executors;
}

/// Deals the groups of one assignment.
class Dealer {
 public:
  Dealer(const Assignment& before, const AssignmentWish& wish,
         const std::vector<ExecutorId>& executors)
      : costs_(wish.costs), groups_(wish.groups, nobody), owned_(executors.size()) {
    std::map<ExecutorId, std::uint16_t> index;
    for (std::size_t i = 0; i != executors.size(); ++i) {
      index[executors[i]] = static_cast<std::uint16_t>(i);
    }
    for (std::size_t group = 0; group < std::min(groups_.size(), before.groups.size()); ++group) {
      const auto owner = index.find(before.executors[before.groups[group]]);
      if (owner != index.end()) {
        give(group, owner->second);
      }
    }
  }

  std::vector<std::uint16_t> deal() {
    const std::vector<std::size_t> shares = find_shares();
    for (std::size_t executor = 0; executor != owned_.size(); ++executor) {
      take_surplus(executor, shares[executor]);
    }
    std::uint16_t taker = 0;
    for (std::size_t group = 0; group != groups_.size(); ++group) {
      if (groups_[group] != nobody) {
        continue;
      }
      while (owned_[taker].size() >= shares[taker]) {
        ++taker;
      }
      give(group, taker);
    }
    return std::move(groups_);
  }

 private:
  void give(std::size_t group, std::uint16_t executor) {
    groups_[group] = executor;
    owned_[executor].push_back(group);
  }

  /// The executors that own the most get the shares that are one larger, so that fewer groups move.
  std::vector<std::size_t> find_shares() const {
    std::vector<std::size_t> order(owned_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return owned_[a].size() > owned_[b].size();
    });
    std::vector<std::size_t> shares(owned_.size(), groups_.size() / owned_.size());
    for (std::size_t i = 0; i != groups_.size() % owned_.size(); ++i) {
      ++shares[order[i]];
    }
    return shares;
  }

  void take_surplus(std::size_t executor, std::size_t share) {
    std::vector<std::size_t>& owned = owned_[executor];
    if (owned.size() <= share) {
      return;
    }
    std::stable_sort(owned.begin(), owned.end(),
                     [&](std::size_t a, std::size_t b) { return cost(a) > cost(b); });
    for (; owned.size() != share; owned.pop_back()) {
      groups_[owned.back()] = nobody;
    }
  }
  std::uint64_t cost(std::size_t group) const { return group < costs_.size() ? costs_[group] : 0; }

  const std::vector<std::uint64_t>& costs_;
  std::vector<std::uint16_t> groups_;
  std::vector<std::vector<std::size_t>> owned_;  ///< [executor]: groups
};

/// Rendezvous hashing (Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates").
ExecutorId home_of(const std::string& single, const std::vector<MemberSize>& members) {
  std::optional<ExecutorId> home;
  std::uint64_t best = 0;
  for (const MemberSize& member : members) {
    const std::string both = single + '\0' + member.worker;
    const std::uint64_t weight = hash_long(both);
    if (member.executors != 0 && (!home || weight > best)) {
      best = weight;
      home = ExecutorId{member.worker, static_cast<std::uint32_t>(weight % member.executors)};
    }
  }
  return *home;
}

}  // namespace

Assignment assign(const Assignment& before, const AssignmentWish& wish) {
  Assignment after;
  after.executors = executors_of(wish.members);
  check(!after.executors.empty() && after.executors.size() < nobody,
        "an assignment has at least one executor, and fewer than 65535");
  after.groups = Dealer(before, wish, after.executors).deal();
  for (const std::string& single : wish.singles) {
    const auto place = before.singles.find(single);
    const bool stays = place != before.singles.end() &&
                       std::find(after.executors.begin(), after.executors.end(), place->second) !=
                           after.executors.end();
    after.singles[single] = stays ? place->second : home_of(single, wish.members);
  }
  after.version = before.version;
  if (!(after == before)) {
    ++after.version;
  }
  return after;
}

}  // namespace wallaroo::internal::cluster
