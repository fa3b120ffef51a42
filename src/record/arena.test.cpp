#include "record/arena.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo {
namespace {

TEST(Arena, CopiesStayWhereTheyAreWhileItGrows) {
  Arena arena;
  std::vector<std::string> originals;
  std::vector<std::string_view> copies;
  for (std::size_t i = 0; i < 5000; ++i) {
    originals.push_back(std::string(i % 97, static_cast<char>('a' + i % 26)));
    copies.push_back(arena.copy(originals.back()));
  }
  for (std::size_t i = 0; i < originals.size(); ++i) {
    ASSERT_EQ(copies[i], originals[i]) << i;
  }
}

TEST(Arena, AllocationsNeverOverlapWhateverTheirSizes) {
  Arena arena;
  std::vector<std::pair<char*, std::size_t>> taken;
  std::size_t seed = 1;
  for (int i = 0; i < 300; ++i) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    const std::size_t bytes = 1 + (seed >> 40) % (i % 50 == 0 ? 3'000'000 : 5'000);
    char* at = arena.allocate(bytes);
    std::fill_n(at, bytes, static_cast<char>(i));
    taken.emplace_back(at, bytes);
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const auto [at, bytes] = taken[i];
    ASSERT_EQ(std::count(at, at + bytes, static_cast<char>(i)), static_cast<std::ptrdiff_t>(bytes));
  }
}

TEST(Arena, AnEmptyCopyTakesNoMemory) {
  Arena arena;
  EXPECT_TRUE(arena.copy("").empty());
  EXPECT_TRUE(arena.empty());
}

TEST(Arena, AfterResetTheSameMemoryIsGivenAgain) {
  Arena arena;
  const char* const first = arena.copy("abc").data();
  arena.reset();
  EXPECT_EQ(arena.copy("xyz").data(), first);
}

TEST(Arena, ResetGivesBackBlocksBeyondAMegabyte) {
  Arena arena;
  arena.allocate(8 << 20);
  arena.reset();
  EXPECT_TRUE(arena.empty());
  EXPECT_EQ(arena.copy("still works"), "still works");
  arena.reset();
  EXPECT_FALSE(arena.empty());
}

TEST(Arena, ResetKeepsTheLargestOfTheOtherBlocks) {
  Arena arena;
  arena.allocate(1);
  const char* const large = arena.allocate(500'000);
  arena.allocate(8 << 20);
  arena.reset();
  EXPECT_FALSE(arena.empty());
  EXPECT_EQ(arena.allocate(500'000), large);
}

TEST(Arena, ResetOfAnUnusedArenaIsHarmless) {
  Arena arena;
  arena.reset();
  EXPECT_EQ(arena.copy("a"), "a");
}

}  // namespace
}  // namespace wallaroo
