#include "cluster/assignment.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace wallaroo::internal::cluster {
namespace {

using Counts = std::map<ExecutorId, std::size_t>;

Counts counts_of(const Assignment& assignment) {
  Counts counts;
  for (const ExecutorId& executor : assignment.executors) {
    counts[executor] = 0;
  }
  for (const std::uint16_t owner : assignment.groups) {
    ++counts[assignment.executors[owner]];
  }
  return counts;
}

const ExecutorId& owner(const Assignment& assignment, std::size_t group) {
  return assignment.executors[assignment.groups[group]];
}

std::size_t stayed(const Assignment& before, const Assignment& after) {
  std::size_t count = 0;
  for (std::size_t group = 0; group != before.groups.size(); ++group) {
    count += owner(before, group) == owner(after, group) ? 1 : 0;
  }
  return count;
}

/// Tries which executors get one group more than the others, and returns how many groups can stay.
std::size_t most_that_can_stay(const Counts& held, const Assignment& after) {
  const std::size_t executors = after.executors.size();
  const std::size_t least = after.groups.size() / executors;
  const auto larger = static_cast<int>(after.groups.size() % executors);
  std::size_t best = 0;
  for (unsigned mask = 0; mask != 1u << executors; ++mask) {
    if (__builtin_popcount(mask) != larger) {
      continue;
    }
    std::size_t stay = 0;
    for (std::size_t i = 0; i != executors; ++i) {
      const auto found = held.find(after.executors[i]);
      const std::size_t has = found == held.end() ? 0 : found->second;
      stay += std::min(has, least + (mask >> i & 1));
    }
    best = std::max(best, stay);
  }
  return best;
}

/// Up to 4 of the workers A to F, with up to 2 executors each.
std::vector<MemberSize> any_members() {
  std::vector<MemberSize> members;
  for (const char* name : {"A", "B", "C", "D", "E", "F"}) {
    const auto executors = *rc::gen::inRange<std::uint32_t>(0, 3);
    if (members.size() != 4 && executors != 0) {
      members.push_back({name, executors});
    }
  }
  return members.empty() ? std::vector<MemberSize>{{"A", 1}} : members;
}

RC_GTEST_PROP(Assignment, IsBalancedAndMovesTheLeastThroughAnyChanges, ()) {
  const std::size_t groups = *rc::gen::inRange<std::size_t>(1, 40);
  Assignment before = assign({}, {any_members(), {"source"}, groups});
  for (int change = 0; change != 4; ++change) {
    const Assignment after = assign(before, {any_members(), {"source"}, groups});
    for (const auto& [executor, count] : counts_of(after)) {
      const std::size_t least = groups / after.executors.size();
      RC_ASSERT(count == least || (count == least + 1 && groups % after.executors.size() != 0));
    }
    RC_ASSERT(stayed(before, after) == most_that_can_stay(counts_of(before), after));
    RC_ASSERT(after.version == before.version + (after == before ? 0 : 1));
    before = after;
  }
}

RC_GTEST_PROP(Assignment, WithTheSameMembersNothingChanges, ()) {
  const auto members = any_members();
  const Assignment first = assign({}, {members, {"a", "b"}, 64});
  RC_ASSERT(assign(first, {members, {"a", "b"}, 64}) == first);
}

TEST(Assignment, TheFirstOneDealsRuns) {
  const Assignment first = assign({}, {{{"A", 2}, {"B", 1}}, {}, 1024});
  EXPECT_EQ(first.version, 1u);
  EXPECT_EQ(owner(first, 0), (ExecutorId{"A", 0}));
  EXPECT_EQ(owner(first, 341), (ExecutorId{"A", 0}));
  EXPECT_EQ(owner(first, 342), (ExecutorId{"A", 1}));
  EXPECT_EQ(owner(first, 683), (ExecutorId{"B", 0}));
  EXPECT_EQ(owner(first, 1023), (ExecutorId{"B", 0}));
}

TEST(Assignment, WhoHasTooManyGivesTheCheapestAway) {
  const Assignment alone = assign({}, {{{"A", 1}}, {}, 6});
  const Assignment two = assign(alone, {{{"A", 1}, {"B", 1}}, {}, 6, {9, 1, 8, 2, 7, 3}});
  std::vector<std::size_t> moved;
  for (std::size_t group = 0; group != 6; ++group) {
    if (owner(two, group).worker == "B") {
      moved.push_back(group);
    }
  }
  EXPECT_EQ(moved, (std::vector<std::size_t>{1, 3, 5}));
}

TEST(Assignment, TheGroupsOfALostMemberAreTakenByTheOthersOnly) {
  const Assignment three = assign({}, {{{"A", 1}, {"B", 1}, {"C", 1}}, {}, 9});
  const Assignment two = assign(three, {{{"A", 1}, {"C", 1}}, {}, 9});
  for (std::size_t group = 0; group != 9; ++group) {
    if (owner(three, group).worker != "B") {
      EXPECT_EQ(owner(two, group), owner(three, group)) << group;
    }
  }
}

TEST(Assignment, ASingleStaysWhileItsExecutorExists) {
  const std::vector<std::string> singles{"orders", "rates", "totals", "letters"};
  const Assignment two = assign({}, {{{"A", 2}, {"B", 2}}, singles, 8});
  const Assignment more = assign(two, {{{"A", 2}, {"B", 2}, {"C", 2}, {"D", 2}}, singles, 8});
  EXPECT_EQ(more.singles, two.singles);
  const Assignment without_a = assign(more, {{{"B", 2}, {"C", 2}}, singles, 8});
  for (const auto& [name, place] : without_a.singles) {
    EXPECT_NE(place.worker, "A");
    if (more.singles.at(name).worker == "B") {
      EXPECT_EQ(place, more.singles.at(name));
    }
  }
}

TEST(Assignment, SinglesSpreadAndEverybodyDecidesAlike) {
  std::vector<std::string> singles;
  for (int i = 0; i != 100; ++i) {
    singles.push_back("stage " + std::to_string(i));
  }
  const Assignment one = assign({}, {{{"A", 2}, {"B", 2}, {"C", 2}}, singles, 8});
  const Assignment other = assign({}, {{{"C", 2}, {"A", 2}, {"B", 2}}, singles, 8});
  EXPECT_EQ(one.singles, other.singles);
  Counts counts;
  for (const auto& [name, place] : one.singles) {
    ++counts[place];
  }
  EXPECT_EQ(counts.size(), 6u);
  for (const auto& [place, count] : counts) {
    EXPECT_GT(count, 5u) << place.worker << place.executor;
  }
}

TEST(Assignment, NeedsAnExecutor) { EXPECT_THROW(assign({}, {{}, {}, 8}), std::logic_error); }

}  // namespace
}  // namespace wallaroo::internal::cluster
