// Tables change while they are saved. A std::map that is copied when a save starts is the oracle.
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "state/keyed_state.hpp"
#include "state/save.rig.hpp"

/// A key type whose keys have only three different hashes.
struct Clashing {
  int number;
  auto operator<=>(const Clashing&) const = default;
};
template <>
struct std::hash<Clashing> {
  std::size_t operator()(const Clashing& key) const {
    return static_cast<std::size_t>(key.number % 3);
  }
};

namespace wallaroo::internal {
namespace {

using save_rig::all_groups;
using save_rig::Saves;

template <class Key>
OwnedKey<Key> make_key(std::uint32_t number) {
  if constexpr (std::is_same_v<OwnedKey<Key>, std::string>) {
    return std::string(number % 20, 'x') + std::to_string(number);
  } else {
    return OwnedKey<Key>{static_cast<int>(number)};
  }
}

/// Keys that are all in a few groups, so that their tables grow.
template <class Key>
std::vector<OwnedKey<Key>> keys_of_few_groups(std::size_t count) {
  std::vector<OwnedKey<Key>> keys;
  for (std::uint32_t number = 0; keys.size() < count; ++number) {
    auto key = make_key<Key>(number);
    if (std::is_same_v<Key, Clashing> || key_group(hash_key(key)) % 64 == 0) {
      keys.push_back(std::move(key));
    }
  }
  return keys;
}

template <class Key>
class SavingRig {
 public:
  using Stored = OwnedKey<Key>;
  using State = std::string;
  using Model = std::map<Stored, State>;

  SavingRig(std::uint32_t seed, std::size_t keys)
      : random_(seed), keys_(keys_of_few_groups<Key>(keys)) {}

  /// Makes one save after the other, with changes in between, and compares each with a copy of
  /// `model` from its beginning.
  void run(int saves) {
    for (int save = 0; save < saves && !testing::Test::HasFatalFailure(); ++save) {
      change(random_() % 3 == 0 ? 0 : random_() % 1000);
      save_once();
    }
  }

  void expect_restored(const Model& wanted) {
    KeyedState<Key, State> restored;
    saves_.restore(restored, all_groups());
    Model found;
    restored.for_each([&](const auto& entry) { found.insert(entry); });
    ASSERT_TRUE(found == wanted) << found.size() << " instead of " << wanted.size();
    for (const auto& [key, value] : wanted) {
      const auto* const entry = restored.find(hash_key(key), key);
      ASSERT_NE(entry, nullptr);
      ASSERT_EQ(entry->second, value);
    }
  }

 private:
  void save_once() {
    const Model as_of = model_;
    SaveStart start{0, all_groups(), {}};
    if (random_() % 4 == 0) {
      start.also.set(random_() % 4 * 64);
    }
    states_.begin_save(start);
    bool more = true;
    while (more && random_() % 40 != 0) {
      change(random_() % 8);
      std::size_t budget = random_() % 6;
      more = states_.save_some(budget, saves_);
    }
    if (random_() % 4 == 0) {
      states_.abandon_save();
      saves_.abandon();
      return;
    }
    save_rig::save_rest(states_, saves_, random_);
    // Whether the checkpoint completes is known only after some time.
    change(random_() % 8);
    if (random_() % 4 == 0) {
      states_.abandon_save();
      saves_.abandon();
      return;
    }
    saves_.complete();
    expect_restored(as_of);
  }

  void change(std::size_t times) {
    while (times-- > 0) {
      change_one();
      ASSERT_EQ(states_.size(), model_.size());
    }
  }
  void change_one() {
    // Sometimes only a few keys are used, again and again.
    const std::size_t among = random_() % 2 == 0 ? 10 : keys_.size();
    const Stored& key = keys_[random_() % among];
    const std::uint64_t hash = hash_key(key);
    switch (random_() % 1000) {
      case 0:
        states_.clear();
        model_.clear();
        return;
      case 1:  // a value so large that a section holds only a few
        states_.find_or_create(hash, Key(key)) = model_[key] = std::string(100'000, 'l');
        return;
      default:
        break;
    }
    switch (random_() % 8) {
      case 0:
      case 1: {
        const bool was_there = model_.erase(key) != 0;
        ASSERT_EQ(states_.erase(hash, key), was_there);
        break;
      }
      case 2: {
        auto* const found = states_.find(hash, key);
        ASSERT_EQ(found != nullptr, model_.contains(key));
        if (found != nullptr) {
          ASSERT_EQ(found->second, model_[key]);
          found->second = model_[key] = std::to_string(random_());
        }
        break;
      }
      default: {
        State& state = states_.find_or_create(hash, Key(key));
        ASSERT_EQ(state, model_[key]);
        state = model_[key] = std::to_string(random_());
        break;
      }
    }
  }

  std::mt19937 random_;
  std::vector<Stored> keys_;
  KeyedState<Key, State> states_;
  Model model_;
  Saves saves_;
};

template <class Key>
void expect_saves_as_of_their_start(std::size_t keys) {
  for (std::uint32_t seed = 0; seed < 40 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << keys << " keys, seed " << seed);
    SavingRig<Key>(seed, keys).run(25);
  }
}

TEST(KeyedStateSaving, ManyNumbersAreSavedAsTheyWereAtTheStart) {
  expect_saves_as_of_their_start<int>(2'000);
}
TEST(KeyedStateSaving, FewNumbersAreSavedAsTheyWereAtTheStart) {
  expect_saves_as_of_their_start<int>(15);
}
TEST(KeyedStateSaving, StringsThatComeAsViewsAreSavedAsTheyWereAtTheStart) {
  expect_saves_as_of_their_start<std::string_view>(500);
}
TEST(KeyedStateSaving, KeysOfEqualHashesAreSavedAsTheyWereAtTheStart) {
  expect_saves_as_of_their_start<Clashing>(60);
}

using Counts = KeyedState<int, std::int64_t>;

std::size_t sections_of_a_save(Counts& states, Saves& saves) {
  std::mt19937 random(1);
  states.begin_save({0, all_groups(), {}});
  save_rig::save_rest(states, saves, random);
  const std::size_t groups = saves.draft().size();
  saves.complete();
  return groups;
}

TEST(KeyedStateSaving, OnlyGroupsThatHaveChangedAreSavedAgain) {
  Counts states;
  Saves saves;
  EXPECT_EQ(sections_of_a_save(states, saves), key_group_count);
  EXPECT_EQ(sections_of_a_save(states, saves), 0U);
  states.find_or_create(hash_key(1), 1) = 1;
  EXPECT_EQ(sections_of_a_save(states, saves), 1U);
  states.erase(hash_key(1), 1);
  EXPECT_EQ(sections_of_a_save(states, saves), 1U);
  EXPECT_EQ(saves.sections().at(key_group(hash_key(1))).front().entries, 0U);
  EXPECT_EQ(sections_of_a_save(states, saves), 0U);
}

TEST(KeyedStateSaving, WhatWasRestoredIsSavedAgainWhenItChangesOnly) {
  Counts states;
  Saves saves;
  for (int key = 0; key < 1000; ++key) {
    states.find_or_create(hash_key(key), key) = key;
  }
  sections_of_a_save(states, saves);
  Counts restored;
  saves.restore(restored, all_groups());
  EXPECT_EQ(sections_of_a_save(restored, saves), 0U);
  restored.find_or_create(hash_key(7), 7) = 8;
  EXPECT_EQ(sections_of_a_save(restored, saves), 1U);
  Counts again;
  saves.restore(again, all_groups());
  EXPECT_EQ(again.size(), 1000U);
  EXPECT_EQ(again.find_or_create(hash_key(7), 7), 8);
}

TEST(KeyedStateSaving, GroupsOfOtherExecutorsAreNeitherSavedNorRestored) {
  Counts states;
  for (int key = 0; key < 1000; ++key) {
    states.find_or_create(hash_key(key), key) = key;
  }
  KeyGroups lower;
  for (std::size_t group = 0; group < 128; ++group) {
    lower.set(group);
  }
  std::mt19937 random(1);
  Saves saves;
  states.begin_save({0, lower, {}});
  save_rig::save_rest(states, saves, random);
  saves.complete();
  EXPECT_EQ(saves.sections().size(), 128U);
  Counts restored;
  saves.restore(restored, all_groups());
  std::size_t wanted = 0;
  states.for_each([&](auto& entry) { wanted += lower[key_group(hash_key(entry.first))] ? 1 : 0; });
  EXPECT_EQ(restored.size(), wanted);
  Counts none;
  saves.restore(none, ~lower);
  EXPECT_EQ(none.size(), 0U);
}

// Otherwise a later checkpoint would refer to old bytes as if they had the new type.
TEST(KeyedStateSaving, AStateWhoseTypeHasChangedIsSavedAnewAltogether) {
  struct Old {
    std::int64_t a;
  };
  struct New {
    std::int64_t a;
    std::int32_t b = 5;
  };
  KeyedState<int, Old> old;
  for (int key = 0; key < 100; ++key) {
    old.find_or_create(hash_key(key), key).a = key;
  }
  std::mt19937 random(1);
  Saves saves;
  old.begin_save({0, all_groups(), {}});
  save_rig::save_rest(old, saves, random);
  saves.complete();
  KeyedState<int, New> now;
  now.begin_load(old.key_schema(), old.value_schema(), 0);
  for (const auto& [group, sections] : saves.sections()) {
    for (const auto& section : sections) {
      now.load(group, section.bytes, section.entries);
    }
  }
  now.end_load();
  ASSERT_EQ(now.size(), 100U);
  EXPECT_EQ(now.find(hash_key(7), 7)->second.a, 7);
  EXPECT_EQ(now.find(hash_key(7), 7)->second.b, 5);
  now.begin_save({0, all_groups(), {}});
  save_rig::save_rest(now, saves, random);
  EXPECT_EQ(saves.draft().size(), key_group_count);
  saves.complete();
  KeyedState<int, New> again;
  saves.restore(again, all_groups());
  EXPECT_EQ(again.size(), 100U);
}

std::string refusal(Counts& into, std::size_t group, std::string_view bytes,
                    std::uint32_t entries) {
  into.begin_load(into.key_schema(), into.value_schema(), 0);
  try {
    into.load(group, bytes, entries);
  } catch (const StoredError& error) {
    return error.what();
  }
  return {};
}

TEST(KeyedStateSaving, BytesThatAreNotWhatTheyShouldBeAreRefused) {
  StoredWriter out;
  store(7, out);
  store(std::int64_t{70}, out);
  const std::size_t group = key_group(hash_key(7));
  const std::string bytes(out.bytes());
  const auto refused = [&](std::size_t in, std::string_view given, std::uint32_t entries) {
    Counts states;
    return refusal(states, in, given, entries);
  };
  EXPECT_EQ(refused(group, bytes, 1), "");
  EXPECT_NE(refused(group + 1, bytes, 1).find("another key group"), std::string::npos);
  EXPECT_NE(refused(group, bytes + "x", 1).find("1 bytes are left"), std::string::npos);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(refused(group, bytes.substr(0, size), 1), "") << size;
  }
  EXPECT_NE(refused(group, bytes, 0xffffffff), "");
  Counts states;
  EXPECT_THROW(states.begin_load(schema_text<std::string>(), states.value_schema(), 0),
               StoredError);
  EXPECT_THROW(states.begin_load(states.key_schema(), schema_text<std::string>(), 0), StoredError);
  EXPECT_THROW(states.begin_load("nonsense(", states.value_schema(), 0), StoredError);
}

TEST(KeyedStateSaving, TimesOfTheEngineAreSavedAsTimesOfTheWall) {
  struct Seen {
    std::int64_t at_ns = 0;
    struct Saved {
      std::int64_t wall_ns;
    };
    Saved saved(std::int64_t wall_offset_ns) const { return {at_ns + wall_offset_ns}; }
    static Seen restored(Saved&& saved, std::int64_t wall_offset_ns) {
      return {saved.wall_ns - wall_offset_ns};
    }
  };
  for (const bool shifts : {true, false}) {
    KeyedState<int, Seen> states;
    states.shift_times(shifts);
    states.find_or_create(hash_key(1), 1).at_ns = 50;
    std::mt19937 random(1);
    Saves saves;
    states.begin_save({1000, all_groups(), {}});
    save_rig::save_rest(states, saves, random);
    saves.complete();
    KeyedState<int, Seen> restored;
    restored.shift_times(shifts);
    saves.restore(restored, all_groups(), 900);
    EXPECT_EQ(restored.find(hash_key(1), 1)->second.at_ns, shifts ? 150 : 50);
  }
}

}  // namespace
}  // namespace wallaroo::internal
