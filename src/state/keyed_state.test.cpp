#include "state/keyed_state.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "state/save.rig.hpp"

namespace wallaroo::internal {
namespace {

struct Total {
  std::uint64_t count = 40;
};

TEST(KeyedState, ANewKeyStartsAtTheStatesDefault) {
  KeyedState<int, Total> states;
  EXPECT_EQ(states.size(), 0U);
  EXPECT_EQ(++states.find_or_create(hash_key(1), 1).count, 41U);
  EXPECT_EQ(++states.find_or_create(hash_key(1), 1).count, 42U);
  EXPECT_EQ(states.find_or_create(hash_key(2), 2).count, 40U);
  EXPECT_EQ(states.size(), 2U);
}

TEST(KeyedState, APlainNumberAsStateStartsAtZero) {
  KeyedState<int, int> states;
  EXPECT_EQ(states.find_or_create(hash_key(1), 1), 0);
}

TEST(KeyedState, KeepsAKeyThatCameAsAViewAfterItsBytesAreGone) {
  KeyedState<std::string_view, int> states;
  for (const char* word : {"a", "a word of more than sixteen bytes"}) {
    std::string bytes = word;
    const std::string_view view = bytes;
    states.find_or_create(hash_key(view), view) = 7;
    bytes.assign(bytes.size(), '?');
    const std::string again = word;
    EXPECT_EQ(states.find_or_create(hash_key(again), std::string_view(again)), 7);
  }
  EXPECT_EQ(states.size(), 2U);
}

TEST(KeyedState, TheEmptyStringIsAKeyAlsoWithoutAnAddress) {
  KeyedState<std::string_view, int> states;
  states.find_or_create(hash_key(std::string_view()), std::string_view()) = 3;
  EXPECT_EQ(states.find_or_create(hash_key(std::string_view("")), std::string_view("")), 3);
  EXPECT_EQ(states.size(), 1U);
}

TEST(KeyedState, DifferentKeysWithEqualHashesHaveTheirOwnStates) {
  KeyedState<std::string, int> states;
  constexpr std::uint64_t hash = 0x1234567890abcdef;
  for (int i = 0; i < 50; ++i) {
    states.find_or_create(hash, std::to_string(i)) = i;
  }
  EXPECT_EQ(states.size(), 50U);
}

struct Instrument {
  std::string exchange;
  int number;
  bool operator<(const Instrument& other) const {
    return std::tie(exchange, number) < std::tie(other.exchange, other.number);
  }
};

template <class Key, class Make>
void expect_same_as_a_map(Make make) {
  KeyedState<Key, std::uint64_t> states;
  std::map<Key, std::uint64_t> expected;
  std::mt19937 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const Key key = make(static_cast<int>(random() % 10'000));
    const std::uint64_t now = ++states.find_or_create(hash_key(key), key);
    ASSERT_EQ(now, ++expected[key]);
  }
  EXPECT_EQ(states.size(), expected.size());
}

TEST(KeyedState, ManyNumbersCountLikeAMap) {
  expect_same_as_a_map<int>([](int i) { return i * 1024; });
}
TEST(KeyedState, ManyStringsCountLikeAMap) {
  expect_same_as_a_map<std::string>(
      [](int i) { return std::string(static_cast<std::size_t>(i % 30), 'x') + std::to_string(i); });
}
TEST(KeyedState, ManyAggregatesCountLikeAMap) {
  expect_same_as_a_map<Instrument>([](int i) {
    return Instrument{i % 2 == 0 ? "first" : "an exchange with a long name", i / 3};
  });
}

// Looks up some keys ahead, some of them new, while tables grow and are saved.
TEST(KeyedState, LookUpsAheadGiveTheStatesUnlessTheySayThatTheyMoved) {
  KeyedState<int, std::uint64_t> states;
  std::map<int, std::uint64_t> expected;
  std::mt19937 random(3);
  int moves = 0;
  int ahead = 0;
  for (int block = 0; block < 5'000; ++block) {
    for (int gone = 0; gone < 12; ++gone) {
      const int key = static_cast<int>(random() % 30'000);
      EXPECT_EQ(states.erase(hash_key(key), key), expected.erase(key) == 1);
    }
    if (block == 2'500) {
      states.begin_save({0, save_rig::all_groups(), {}});
    }
    std::vector<int> keys(20);
    std::vector<KeyedState<int, std::uint64_t>::Entry*> found;
    for (int& key : keys) {
      key = static_cast<int>(random() % 30'000);
      found.push_back(states.find_ahead(hash_key(key)));
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const bool right = found[i] != nullptr && found[i]->first == keys[i];
      std::uint64_t* state = right ? &found[i]->second : nullptr;
      ahead += right ? 1 : 0;
      if (!right) {
        bool moved = false;
        state = &states.create_ahead(hash_key(keys[i]), keys[i], moved);
        if (moved) {
          ++moves;
          std::fill(found.begin(), found.end(), nullptr);
        }
      }
      ASSERT_EQ(++*state, ++expected[keys[i]]);
    }
  }
  EXPECT_EQ(states.size(), expected.size());
  EXPECT_GT(moves, 100);
  EXPECT_GT(ahead, 10'000);
}

TEST(KeyedState, FindsOnlyKeysThatHaveAStateByTheKeyAndByWhatIsStoredOfIt) {
  KeyedState<std::string_view, int> states;
  const std::string_view key = "key";
  EXPECT_EQ(states.find(hash_key(key), key), nullptr);
  EXPECT_EQ(states.size(), 0U);
  states.find_or_create(hash_key(key), key) = 5;
  ASSERT_NE(states.find(hash_key(key), key), nullptr);
  ASSERT_NE(states.find(hash_key(key), std::string(key)), nullptr);
  EXPECT_EQ(states.find(hash_key(key), std::string(key))->first, "key");
  EXPECT_EQ(states.find(hash_key(key), std::string(key))->second, 5);
}

TEST(KeyedState, AnErasedKeyStartsAgainAtTheDefault) {
  KeyedState<int, Total> states;
  ++states.find_or_create(hash_key(1), 1).count;
  EXPECT_FALSE(states.erase(hash_key(2), 2));
  EXPECT_TRUE(states.erase(hash_key(1), 1));
  EXPECT_FALSE(states.erase(hash_key(1), 1));
  EXPECT_EQ(states.size(), 0U);
  EXPECT_EQ(states.find_or_create(hash_key(1), 1).count, 40U);
}

TEST(KeyedState, ForEachVisitsEveryKeyOnceAndMayChangeItsState) {
  KeyedState<int, int> states;
  for (int key = 0; key < 1000; ++key) {
    states.find_or_create(hash_key(key), key) = key;
  }
  states.for_each([](auto& entry) { entry.second += 1000 - entry.first; });
  for (int key = 0; key < 1000; ++key) {
    ASSERT_EQ(states.find(hash_key(key), key)->second, 1000);
  }
}

TEST(KeyedState, StatesMayBeMovableOnly) {
  KeyedState<int, std::unique_ptr<int>> states;
  for (int key = 0; key < 1000; ++key) {
    states.find_or_create(hash_key(key), key) = std::make_unique<int>(key);
  }
  for (int key = 0; key < 1000; ++key) {
    ASSERT_EQ(*states.find_or_create(hash_key(key), key), key);
  }
}

}  // namespace
}  // namespace wallaroo::internal
