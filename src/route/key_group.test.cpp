#include "route/key_group.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "record/key.hpp"

namespace wallaroo::internal {
namespace {

TEST(Assignment, EveryExecutorOwnsItsShareOfTheGroupsAndNoneBeyond) {
  for (int executors = 1; executors <= static_cast<int>(key_group_count); ++executors) {
    const AssignmentPtr assignment = assign_evenly(static_cast<std::size_t>(executors));
    std::vector<int> groups(static_cast<std::size_t>(executors));
    for (std::size_t group = 0; group < key_group_count; ++group) {
      ASSERT_LT(assignment->owner(group), groups.size());
      ++groups[assignment->owner(group)];
    }
    const auto [least, most] = std::minmax_element(groups.begin(), groups.end());
    ASSERT_GE(*least, 1) << executors;
    ASSERT_LE(*most - *least, 1) << executors;
  }
}

TEST(KeyGroup, AnyHashHasAGroup) {
  EXPECT_LT(key_group(0), key_group_count);
  EXPECT_LT(key_group(~std::uint64_t{0}), key_group_count);
}

template <class Make>
void expect_balance(Make make) {
  constexpr int keys = 100'000;
  std::vector<int> count(key_group_count);
  for (int i = 0; i < keys; ++i) {
    ++count[key_group(hash_key(make(i)))];
  }
  const double mean = double{keys} / key_group_count;
  for (const int group : count) {
    EXPECT_GT(group, mean * 0.7);
    EXPECT_LT(group, mean * 1.3);
  }
}

TEST(KeyGroup, SequentialIntegersSpreadEvenly) {
  expect_balance([](int i) { return i; });
}

TEST(KeyGroup, MultiplesOfALargePowerOfTwoSpreadEvenly) {
  expect_balance([](int i) { return static_cast<std::int64_t>(i) << 32; });
}

TEST(KeyGroup, NumberedNamesSpreadEvenly) {
  expect_balance([](int i) { return "user-" + std::to_string(i); });
}

TEST(KeyGroup, LongNumberedNamesSpreadEvenly) {
  expect_balance([](int i) { return "a name of more than sixteen bytes " + std::to_string(i); });
}

TEST(KeyGroup, AggregatesSpreadEvenly) {
  struct Pair {
    int a;
    int b;
  };
  expect_balance([](int i) { return Pair{i % 10, i / 10}; });
}

}  // namespace
}  // namespace wallaroo::internal
