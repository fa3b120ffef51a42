#include "step/sampler.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

#include <gtest/gtest.h>

#include "step/key_sample.hpp"

namespace wallaroo::internal {
namespace {

constexpr std::int64_t ms = 1'000'000;

/// A chain of two functions, the second of which only some records reach, with a clock that every
/// record advances.
struct Rig {
  Rig() {
    sampler.add(first);
    sampler.add(second);
  }

  /// Does what Chain::process does. `reaches(record)` says whether it reaches the second function.
  template <class Reaches>
  void batch(std::size_t records, std::int64_t ns_per_record, Reaches&& reaches) {
    sampler.begin_batch(now_ns, records, [this] {
      ++looks;
      return now_ns;
    });
    while (records != 0) {
      auto part =
          static_cast<std::size_t>(sampler.take_part(static_cast<std::ptrdiff_t>(records), [this] {
            ++looks;
            return now_ns;
          }));
      records -= part;
      for (bool asks = sampler.wants_record(); part != 0; --part) {
        const bool second_too = reaches(record++);
        if (asks) {
          ++asked;
          sampler.spend();
          call(first);
          if (second_too) {
            call(second);
          }
          asks = sampler.wants_record();
        }
        now_ns += ns_per_record;
      }
    }
  }
  void call(SampledCall& called) {
    if (called.due) {
      called.latency->record(1);
      sampler.took(called);
    }
  }
  std::uint64_t timed(const LatencyHistogram& latency) const { return latency.in_bin(1); }

  Sampler sampler;
  LatencyHistogram latency_of_first;
  LatencyHistogram latency_of_second;
  SampledCall first{latency_of_first};
  SampledCall second{latency_of_second};
  std::int64_t now_ns = 5'000 * ms;
  std::uint64_t record = 0;
  std::uint64_t asked = 0;
  std::uint64_t looks = 0;
};

const auto always = [](std::uint64_t) { return true; };

TEST(Sampler, TimesAboutOneRecordAMillisecondHoweverFastTheyAre) {
  for (const std::int64_t ns : {2, 30, 1'000, 50'000, 400'000}) {
    Rig rig;
    const std::int64_t began_ns = rig.now_ns;
    while (rig.now_ns < began_ns + 2'000 * ms) {
      rig.batch(1000, ns, always);
    }
    const auto passed_ms = static_cast<std::uint64_t>((rig.now_ns - began_ns) / ms);
    EXPECT_LE(rig.timed(rig.latency_of_first), passed_ms + 1) << ns;
    EXPECT_GE(rig.timed(rig.latency_of_first), passed_ms / 2) << ns;
    EXPECT_EQ(rig.timed(rig.latency_of_second), rig.timed(rig.latency_of_first)) << ns;
  }
}

TEST(Sampler, TimesEveryRecordThatTakesAMillisecond) {
  Rig rig;
  rig.batch(1000, 2 * ms, always);
  EXPECT_GE(rig.timed(rig.latency_of_first), 990U);
}

TEST(Sampler, TimesEveryRecordWhereTheyAreRare) {
  Rig rig;
  for (int i = 0; i < 100; ++i) {
    rig.batch(1, 1'000, always);
    rig.now_ns += 700 * ms;
  }
  EXPECT_EQ(rig.timed(rig.latency_of_first), 100U);
}

TEST(Sampler, TimesManyOfTheRecordsThatSeldomPassAFilter) {
  Rig rig;
  std::uint64_t reached = 0;
  std::mt19937 random(7);
  const auto seldom = [&](std::uint64_t) {
    const bool passes = random() % 100'000 == 0;
    reached += passes ? 1 : 0;
    return passes;
  };
  for (int i = 0; i < 100'000; ++i) {
    rig.batch(1000, 100, seldom);  // one in 10 ms passes
  }
  EXPECT_GE(reached, 900U);
  EXPECT_GE(rig.timed(rig.latency_of_second), 100U);
}

TEST(Sampler, TimesEveryRecordThatSeldomPassesAFilterWhereTheyAreSlow) {
  Rig rig;
  for (int i = 0; i < 300; ++i) {
    rig.batch(1000, 1'000, [](std::uint64_t record) { return record % 10'000 == 7'777; });
  }
  EXPECT_EQ(rig.timed(rig.latency_of_second), 30U);
}

TEST(Sampler, AsksFewOfTheRecordsThatAreFastWhenAFunctionIsNeverReached) {
  Rig rig;
  for (int i = 0; i < 10'000; ++i) {
    rig.batch(1000, 1, [](std::uint64_t) { return false; });
  }
  EXPECT_LE(rig.asked, 10'000'000U / 100);
  EXPECT_EQ(rig.timed(rig.latency_of_second), 0U);
}

TEST(Sampler, NoRecordWaitsForAFunctionThatIsCalledByFiring) {
  Rig rig;
  LatencyHistogram latency;
  SampledCall firing(latency);
  rig.sampler.add_firing(firing);
  for (int i = 0; i < 10'000; ++i) {
    rig.batch(1000, 30, always);
  }
  EXPECT_TRUE(firing.due);
  EXPECT_LE(rig.asked, 301U);  // one in each of 300 ms
}

TEST(Sampler, ReadsTheClockSeldomWhereRecordsAreFast) {
  Rig rig;
  for (int i = 0; i < 10'000; ++i) {
    rig.batch(1000, 2, always);
  }
  EXPECT_LE(rig.looks, 5'000U);
}

TEST(Sampler, NoticesWithinThousandsOfRecordsThatTheyHaveBecomeSlow) {
  Rig rig;
  for (int i = 0; i < 1'000; ++i) {
    rig.batch(1000, 2, always);
  }
  const std::uint64_t before = rig.timed(rig.latency_of_first);
  rig.batch(10'000, ms, always);
  EXPECT_GE(rig.timed(rig.latency_of_first) - before, 1'500U);
}

TEST(Sampler, TakesNoPlaceInABatchRatherThanAnother) {
  Rig rig;
  std::array<int, 4> in_quarter{};
  for (int i = 0; i < 4'000; ++i) {
    const std::uint64_t before = rig.record;
    std::uint64_t timed_at = 0;
    const std::uint64_t timed = rig.timed(rig.latency_of_first);
    rig.batch(1000, 5, [&](std::uint64_t record) {
      if (rig.timed(rig.latency_of_first) == timed) {
        timed_at = record - before;
      }
      return true;
    });
    if (rig.timed(rig.latency_of_first) != timed) {
      ++in_quarter.at(timed_at / 250);
    }
    rig.now_ns += 2 * ms;
  }
  for (const int count : in_quarter) {
    EXPECT_GT(count, 500);
  }
}

std::int64_t share_after(std::size_t records, const auto& group_of) {
  KeyGroupShares shares;
  Gauge hottest;
  for (std::size_t i = 0; i < records; ++i) {
    shares.add(group_of(i), hottest);
  }
  return hottest.value();
}

TEST(KeyGroupShares, SayNothingUntilEnoughRecordsAreKnown) {
  EXPECT_EQ(share_after(255, [](std::size_t) { return 3; }), 0);
  EXPECT_EQ(share_after(256, [](std::size_t) { return 3; }), 1'000'000'000);
}

TEST(KeyGroupShares, FindTheHottestGroup) {
  std::mt19937 random(7);
  const auto spread = [&](std::size_t) { return random() % key_group_count; };
  EXPECT_LT(share_after(100'000, spread), 20'000'000);
  const auto skewed = [&](std::size_t) {
    return random() % 2 == 0 ? 9 : random() % key_group_count;
  };
  EXPECT_NEAR(static_cast<double>(share_after(100'000, skewed)), 0.5e9, 0.05e9);
}

TEST(KeyGroupShares, ForgetWhatWasHotOnce) {
  std::mt19937 random(7);
  EXPECT_LT(share_after(100'000,
                        [&](std::size_t i) { return i < 50'000 ? 5 : random() % key_group_count; }),
            20'000'000);
}

}  // namespace
}  // namespace wallaroo::internal
