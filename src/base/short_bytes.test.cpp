#include "base/short_bytes.hpp"

#include <sys/mman.h>

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

TEST(ShortBytes, TheHashDoesNotDependOnWhatLiesBehindTheEnd) {
  std::string bytes(64, 'x');
  for (std::size_t size = 0; size <= 20; ++size) {
    for (char& c : bytes) c = 'a';
    const std::uint64_t first = hash_bytes({bytes.data() + 3, size});
    for (std::size_t i = 3 + size; i < bytes.size(); ++i) bytes[i] = 'z';
    EXPECT_EQ(hash_bytes({bytes.data() + 3, size}), first) << size;
  }
}

TEST(ShortBytes, TheHashIsTheSameAtEveryAlignmentAndBeforeAnUnreadablePage) {
  constexpr std::size_t page = 4096;
  auto* pages = static_cast<char*>(
      mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(pages, MAP_FAILED);
  ASSERT_EQ(mprotect(pages + page, page, PROT_NONE), 0);
  const std::string text = "abcdefghijklmnop";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::uint64_t expected = hash_bytes(text.substr(0, size));
    char* at_end = pages + page - size;
    text.copy(at_end, size);
    EXPECT_EQ(hash_bytes({at_end, size}), expected) << size;
    EXPECT_TRUE(equal_bytes({at_end, size}, std::string_view(text).substr(0, size))) << size;
  }
  munmap(pages, 2 * page);
}

TEST(ShortBytes, StringsThatDifferInOneByteOrInLengthAreNotEqualAndHashApart) {
  const std::string text = "abcdefghijklmnopqrst";
  std::set<std::uint64_t> hashes;
  std::size_t strings = 0;
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string original = text.substr(0, size);
    hashes.insert(hash_bytes(original));
    ++strings;
    for (std::size_t at = 0; at < size; ++at) {
      std::string changed = original;
      changed[at] = '\0';
      EXPECT_FALSE(equal_bytes(original, changed));
      hashes.insert(hash_bytes(changed));
      ++strings;
    }
  }
  EXPECT_EQ(hashes.size(), strings);
}

TEST(ShortBytes, TrailingZerosCount) {
  EXPECT_FALSE(equal_bytes(std::string("a"), std::string("a\0", 2)));
  EXPECT_NE(hash_bytes(std::string("a")), hash_bytes(std::string("a\0", 2)));
}

// A million keys that differ little must fill key groups and table positions evenly.
TEST(ShortBytes, SequentialKeysSpreadOverTheBitsThatGroupsAndTablesUse) {
  constexpr int keys = 1 << 18;
  std::array<int, 256> low{}, middle{}, high{};
  for (int i = 0; i < keys; ++i) {
    const std::uint64_t hash = hash_bytes("user" + std::to_string(i));
    ++low[hash & 255];
    ++middle[(hash >> 24) & 255];
    ++high[hash >> 56];
  }
  for (const auto& counts : {low, middle, high}) {
    for (const int count : counts) {
      EXPECT_NEAR(count, keys / 256, 6 * 32);  // six standard deviations
    }
  }
}

TEST(ShortBytes, HashesNeverChangeBetweenBuilds) {
  EXPECT_EQ(hash_bytes(""), hash_bytes(std::string_view()));
  EXPECT_EQ(hash_bytes("word"), 3444700178985340456ULL);
  EXPECT_EQ(hash_bytes("a longer key of more than 16 bytes"), 16835173664058314359ULL);
}

}  // namespace
}  // namespace wallaroo::internal
