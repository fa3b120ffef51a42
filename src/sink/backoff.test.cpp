#include "sink/backoff.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesUpToItsMaximumAndStaysThere) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    Backoff backoff(50ms, 300ms, seed);
    for (const auto longest : {50ms, 100ms, 200ms, 300ms, 300ms, 300ms}) {
      const auto delay = backoff.next();
      EXPECT_LE(delay, longest);
      EXPECT_GE(delay, longest / 2);
    }
    backoff.reset();
    EXPECT_LE(backoff.next(), 50ms);
  }
}

TEST(Backoff, DiffersBetweenSeeds) {
  Backoff one(50ms, 2s, 1);
  Backoff other(50ms, 2s, 2);
  one.next();
  other.next();
  EXPECT_NE(one.next(), other.next());
}

TEST(Backoff, NeitherOverflowsNorGoesBelowZeroForExtremeLimits) {
  Backoff forever(std::chrono::hours(1), std::chrono::nanoseconds::max(), 1);
  for (int i = 0; i < 200; ++i) {
    EXPECT_GT(forever.next().count(), 0);
  }
  Backoff smaller_maximum(100ms, 1ms, 1);
  smaller_maximum.next();
  EXPECT_LE(smaller_maximum.next(), 100ms);
}

}  // namespace
}  // namespace wallaroo::internal
