#include "record/key.hpp"

#include <array>
#include <bitset>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

enum class Side : std::uint8_t { buy, sell };

struct Inner {
  int number;
};
struct Compound {
  std::string symbol;
  Side side;
  Inner inner;
};
struct CompoundView {
  std::string_view symbol;
  Side side;
  Inner inner;
};
struct Unhashable {
  std::vector<int> values;
};
class WithStdHash {
 public:
  explicit WithStdHash(int v) : value(v) {}
  bool operator==(const WithStdHash&) const = default;
  int value;
};

}  // namespace
}  // namespace wallaroo::internal

template <>
struct std::hash<wallaroo::internal::WithStdHash> {
  std::size_t operator()(const wallaroo::internal::WithStdHash& key) const {
    return static_cast<std::size_t>(key.value);
  }
};

namespace wallaroo::internal {
namespace {

static_assert(HashableKey<std::string>);
static_assert(HashableKey<std::string_view>);
static_assert(HashableKey<int>);
static_assert(HashableKey<Side>);
static_assert(HashableKey<double>);
static_assert(HashableKey<Compound>);
static_assert(HashableKey<WithStdHash>);
static_assert(!HashableKey<std::vector<int>>);
static_assert(!HashableKey<Unhashable>, "an aggregate is a key only when its fields are");

TEST(Key, AStringHashesLikeAViewOfItWhateverItsLength) {
  std::string text;
  for (int length = 0; length < 100; ++length) {
    EXPECT_EQ(hash_key(text), hash_key(std::string_view(text))) << length;
    EXPECT_TRUE(equal_keys(text, std::string_view(text)));
    text += static_cast<char>('a' + length % 26);
  }
}

TEST(Key, StringsThatDifferInOneByteOrInLengthAreNotEqual) {
  for (std::size_t length = 1; length < 40; ++length) {
    const std::string text(length, 'x');
    for (std::size_t at = 0; at < length; ++at) {
      std::string other = text;
      other[at] = '\0';
      EXPECT_FALSE(equal_keys(text, other));
      EXPECT_NE(hash_key(text), hash_key(other));
    }
    const std::string shorter = text.substr(1);
    EXPECT_FALSE(equal_keys(text, shorter));
    EXPECT_NE(hash_key(text), hash_key(shorter));
    EXPECT_NE(hash_key(text + '\0'), hash_key(text));
  }
}

TEST(Key, IntegersNeverCollide) {
  std::set<std::uint64_t> hashes;
  for (std::int64_t key = -5000; key < 5000; ++key) {
    hashes.insert(hash_key(key));
    hashes.insert(hash_key(key * (std::int64_t{1} << 40) + 123'456));
  }
  EXPECT_EQ(hashes.size(), 20'000U);
}

TEST(Key, EqualIntegersOfOneTypeHashEqualAlsoWhenNegative) {
  EXPECT_EQ(hash_key(std::int8_t{-1}), hash_key(std::int8_t{-1}));
  EXPECT_EQ(hash_key(Side::sell), hash_key(Side::sell));
  EXPECT_NE(hash_key(Side::sell), hash_key(Side::buy));
}

TEST(Key, AggregatesWithoutOperatorsAreComparedFieldByField) {
  const Compound key{"ABC", Side::buy, {1}};
  EXPECT_TRUE(equal_keys(key, Compound{"ABC", Side::buy, {1}}));
  EXPECT_FALSE(equal_keys(key, Compound{"ABC", Side::buy, {2}}));
  EXPECT_FALSE(equal_keys(key, Compound{"ABD", Side::buy, {1}}));
  EXPECT_FALSE(equal_keys(key, Compound{"ABC", Side::sell, {1}}));
}

TEST(Key, EveryFieldOfAnAggregateAndItsPlaceCountForTheHash) {
  const auto hash = [](const char* symbol, Side side, int number) {
    return hash_key(Compound{symbol, side, {number}});
  };
  EXPECT_EQ(hash("A", Side::buy, 1), hash("A", Side::buy, 1));
  std::set<std::uint64_t> hashes;
  for (const char* symbol : {"", "A", "B"}) {
    for (const Side side : {Side::buy, Side::sell}) {
      for (const int number : {0, 1, 2}) {
        hashes.insert(hash(symbol, side, number));
      }
    }
  }
  EXPECT_EQ(hashes.size(), 18U);
  struct Pair {
    int a;
    int b;
  };
  EXPECT_NE(hash_key(Pair{1, 2}), hash_key(Pair{2, 1}));
}

TEST(Key, AnAggregateOfAViewHashesLikeOneOfAString) {
  EXPECT_EQ(hash_key(Compound{"ABC", Side::sell, {7}}),
            hash_key(CompoundView{"ABC", Side::sell, {7}}));
}

TEST(Key, AStandardArrayIsAKey) {
  using Symbol = std::array<char, 8>;
  EXPECT_EQ(hash_key(Symbol{"ABC"}), hash_key(Symbol{"ABC"}));
  EXPECT_NE(hash_key(Symbol{"ABC"}), hash_key(Symbol{"ABD"}));
  EXPECT_NE(hash_key(Symbol{'A', 0, 0, 0, 0, 0, 0, 'X'}), hash_key(Symbol{'A'}));
  EXPECT_TRUE(equal_keys(Symbol{"ABC"}, Symbol{"ABC"}));
}

TEST(Key, APoorStandardHashIsSpreadOverAllBits) {
  std::array<int, 64> set{};
  for (int i = 0; i < 1000; ++i) {
    const std::bitset<64> bits(hash_key(WithStdHash(i)));
    for (std::size_t bit = 0; bit < 64; ++bit) {
      set[bit] += bits[bit] ? 1 : 0;
    }
  }
  for (const int count : set) {
    EXPECT_GT(count, 350);
    EXPECT_LT(count, 650);
  }
}

static_assert(std::is_same_v<OwnedKey<std::string_view>, std::string>);
static_assert(std::is_same_v<OwnedKey<const std::string&>, std::string>);
static_assert(std::is_same_v<OwnedKey<int>, int>);

}  // namespace
}  // namespace wallaroo::internal
