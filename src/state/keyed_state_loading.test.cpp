// Tables load their entries in sections, in the order of their hashes.
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "state/keyed_state.hpp"
#include "state/save.rig.hpp"

namespace wallaroo::internal {
namespace {

using State = KeyedState<int, std::string>;

constexpr std::size_t group = 7;
constexpr std::size_t keys = 3'000;

std::vector<int> keys_of_the_group() {
  std::vector<int> found;
  for (int key = 0; found.size() < keys; ++key) {
    if (key_group(hash_key(key)) == group) {
      found.push_back(key);
    }
  }
  return found;
}

class LoadingTest : public testing::Test {
 protected:
  void SetUp() override {
    State state;
    for (const int key : keys_) {
      state.find_or_create(hash_key(key), key) = std::string(1'000, 'x') + std::to_string(key);
    }
    std::mt19937 random(1);
    state.begin_save({0, save_rig::all_groups(), {}});
    save_rig::save_rest(state, saves_, random);
    saves_.complete();
    ASSERT_GT(saves_.sections().at(group).size(), 5U) << "one section could be no table that grows";
    restored_.begin_load(state.key_schema(), state.value_schema(), 0);
  }
  /// Loads all sections, and returns how often that moved an entry which was loaded before.
  int load_all() {
    int moves = 0;
    const void* first = nullptr;
    for (const auto& section : saves_.sections().at(group)) {
      restored_.load(group, section.bytes, section.entries);
      const void* const now = entry();
      moves += first != nullptr && now != first ? 1 : 0;
      first = now;
    }
    return moves;
  }
  /// The address of an entry of the first section.
  const void* entry() {
    if (key_ == 0) {
      restored_.for_each([&](const auto& each) { key_ = each.first; });
    }
    return restored_.find(hash_key(key_), key_);
  }

  const std::vector<int> keys_ = keys_of_the_group();
  save_rig::Saves saves_;
  State restored_;
  int key_ = 0;
};

TEST_F(LoadingTest, ATableThatKnowsHowMuchWillComeStaysWhereItIs) {
  restored_.expect(group, keys);
  EXPECT_EQ(load_all(), 0);
  EXPECT_EQ(restored_.size(), keys);
}

TEST_F(LoadingTest, WithoutThatOrWithTooLittleItGrows) {
  restored_.expect(group, 3);
  EXPECT_GT(load_all(), 0);
  EXPECT_EQ(restored_.size(), keys);
}

TEST_F(LoadingTest, ASmallerExpectationMakesNoTableSmaller) {
  restored_.expect(group, keys);
  restored_.expect(group, 3);
  restored_.expect(group, 0);
  EXPECT_EQ(load_all(), 0);
  restored_.expect(group, 0);
  EXPECT_EQ(load_all(), 0) << "nor do the same keys once more";
}

TEST_F(LoadingTest, WhatIsThereIsCountedBesidesWhatIsExpected) {
  State& state = restored_;
  const auto& sections = saves_.sections().at(group);
  state.load(group, sections[0].bytes, sections[0].entries);
  state.expect(group, keys - sections[0].entries);
  const void* const before = entry();
  for (std::size_t i = 1; i < sections.size(); ++i) {
    state.load(group, sections[i].bytes, sections[i].entries);
  }
  EXPECT_EQ(entry(), before);
}

// A group of 64 became 4 of 256. Each executor takes the keys of its own groups out of it.
TEST(Loading, AGroupOfACheckpointWithFewerGroupsIsShared) {
  State state;
  for (int key = 0; key < 10'000; ++key) {
    state.find_or_create(hash_key(key), key) = std::to_string(key);
  }
  save_rig::Saves saves;
  std::mt19937 random(1);
  state.begin_save({0, save_rig::all_groups(), {}});
  save_rig::save_rest(state, saves, random);
  saves.complete();
  const AssignmentPtr assignment = assign_evenly(3);
  std::size_t loaded = 0;
  for (std::size_t executor = 0; executor < 3; ++executor) {
    KeyGroups owned;
    for (std::size_t one = 0; one < key_group_count; ++one) {
      owned[one] = assignment->owner(one) == executor;
    }
    State restored;
    saves.restore_from_fewer(64, restored, owned);
    restored.for_each([&](const auto& entry) {
      EXPECT_TRUE(owned[key_group(hash_key(entry.first))]);
      EXPECT_EQ(entry.second, std::to_string(entry.first));
    });
    loaded += restored.size();
    EXPECT_GT(restored.size(), 2'000U);
  }
  EXPECT_EQ(loaded, 10'000U);
}

TEST(Loading, AKeyInAnotherGroupThanItWasSavedInIsRefused) {
  State state;
  state.find_or_create(hash_key(5), 5) = "five";
  save_rig::Saves saves;
  std::mt19937 random(1);
  state.begin_save({0, save_rig::all_groups(), {}});
  save_rig::save_rest(state, saves, random);
  saves.complete();
  const std::size_t its_group = key_group(hash_key(5));
  const auto& section = saves.sections().at(its_group).front();
  const KeyGroups all = save_rig::all_groups();
  State restored;
  restored.begin_load(state.key_schema(), state.value_schema(), 0);
  for (const std::size_t groups : {std::size_t{64}, key_group_count}) {
    const SavedGroup other((its_group + 1) % groups, groups, all);
    EXPECT_THROW(restored.load(other, section.bytes, 1), StoredError) << groups;
  }
  EXPECT_EQ(restored.size(), 0U);
}

// Older versions stored such keys, which no record can find.
TEST(Loading, KeysThatAreNotEqualToThemselvesAreLeftOut) {
  using Numbers = KeyedState<double, int>;
  Numbers states;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  states.find_or_create(hash_key(nan), nan) = 1;
  states.find_or_create(hash_key(nan), nan) = 2;
  states.find_or_create(hash_key(0.5), 0.5) = 3;
  ASSERT_EQ(states.size(), 3U);
  save_rig::Saves saves;
  std::mt19937 random(1);
  states.begin_save({0, save_rig::all_groups(), {}});
  save_rig::save_rest(states, saves, random);
  saves.complete();
  Numbers restored;
  saves.restore(restored, save_rig::all_groups());
  EXPECT_EQ(restored.size(), 1U);
  EXPECT_EQ(restored.find(hash_key(0.5), 0.5)->second, 3);
}

}  // namespace
}  // namespace wallaroo::internal
