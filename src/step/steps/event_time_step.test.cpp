#include "step/steps/event_time_step.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "step/chain.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;
using testing_support::sink_id;
using testing_support::stage_id;
using SystemClock = std::chrono::system_clock;

template <class Duration>
std::int64_t at(Duration since_epoch) {
  return to_event_time(std::chrono::time_point<SystemClock, Duration>(since_epoch));
}

TEST(ToEventTime, TakesTimePointsOfAnyUnitAndClock) {
  EXPECT_EQ(at(5s), 5'000'000'000);
  EXPECT_EQ(at(-3ms), -3'000'000);
  EXPECT_EQ(at(7ns), 7);
  EXPECT_EQ(at(std::chrono::duration<double>(1.5)), 1'500'000'000);
  EXPECT_EQ(at(std::chrono::duration<std::int64_t, std::pico>(2999)), 2);
  EXPECT_EQ(to_event_time(std::chrono::time_point<std::chrono::steady_clock>(9ns)), 9);
}

TEST(ToEventTime, BeyondTheRangeIsTheLastMomentOfIt) {
  EXPECT_EQ(at(std::chrono::hours(24 * 365 * 1000)), end_of_time);
  EXPECT_EQ(at(std::chrono::hours(-24 * 365 * 1000)), no_time);
  EXPECT_EQ(at(std::chrono::seconds::max()), end_of_time);
  EXPECT_EQ(at(std::chrono::seconds::min()), no_time);
  EXPECT_EQ(at(std::chrono::duration<double>(std::numeric_limits<double>::infinity())),
            end_of_time);
}

TEST(ToEventTime, WhatIsNoNumberIsBeyondTheEndWhereItIsRefused) {
  EXPECT_EQ(at(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())),
            end_of_time);
}

TEST(ToEventTime, TakesIntegersAsNanoseconds) {
  EXPECT_EQ(to_event_time(std::int64_t{-5}), -5);
  EXPECT_EQ(to_event_time(std::uint32_t{7}), 7);
  EXPECT_EQ(to_event_time(std::numeric_limits<std::uint64_t>::max()), end_of_time);
}

/// A clock whose wall time the test sets.
class SetClock final : public Clock {
 public:
  std::int64_t now_ns() const override { return now; }
  std::int64_t wall_ns() const override { return wall; }
  std::int64_t now = 0;
  std::int64_t wall = 0;
};

/// Collects the times that are accepted.
class TimesRig {
 public:
  explicit TimesRig(const EventTimeOptions& options)
      : around_(testing_support::RunOptions{.on_error = OnError::skip}),
        chain_(typename Made::Spec{{}, {Step::Spec{stage_id, {}, options}}, {sink_id, {&taken_}}},
               context()) {}

  std::vector<std::int64_t> give(std::initializer_list<std::int64_t> times) {
    RecordBatch<std::int64_t> batch;
    for (const std::int64_t time : times) {
      batch.emplace(time);
    }
    chain_.process(batch);
    chain_.flush(true);
    return std::exchange(taken_, {});
  }
  const std::vector<std::string>& log() const { return around_.log; }

  SetClock clock;

 private:
  struct Collect {
    std::vector<std::int64_t>* taken;
    void operator()(const std::int64_t& time) const { taken->push_back(time); }
  };
  using Step = EventTimeStep<std::identity, std::int64_t>;
  using Made = Chain<OwnedInput<std::int64_t>, CallbackTerminal<std::int64_t, Collect>, Step>;

  SegmentContext context() {
    const SegmentContext all = around_.context();
    return {clock, all.log, 0, {}, all.dead_letters, all.stages};
  }

  std::vector<std::int64_t> taken_;
  testing_support::Surroundings around_;
  Made chain_;
};

TEST(EventTimeStep, TimesAreHeldAgainstTheWallClockAsItIsNow) {
  EventTimeOptions options;
  options.max_ahead = 100ns;
  options.max_jump = 0ns;
  TimesRig rig(options);
  using Times = std::vector<std::int64_t>;
  EXPECT_EQ(rig.give({100, 101}), Times{100});
  rig.clock.wall = 7200;  // the clock was slow, and is set right
  EXPECT_EQ(rig.give({7300, 7301}), Times{7300});
  rig.clock.wall = 1000;  // the clock was fast, and is set right
  EXPECT_EQ(rig.give({1101, 1100}), Times{1100});
}

TEST(EventTimeStep, RecordsFarAheadOfTheOthersAreToldOfOnceInAWhile) {
  EventTimeOptions options;
  options.max_ahead = 0ns;
  options.max_jump = 100ns;
  TimesRig rig(options);
  rig.give({1, 2});
  rig.give({500, 3});
  rig.give({500, 501, 4});
  // The first line says that the first time is in a doubtful unit.
  ASSERT_EQ(rig.log().size(), 2U);
  EXPECT_NE(rig.log()[1].find("'stage': the times of 1 records were more than 1e-07 s ahead"),
            std::string::npos)
      << rig.log()[1];
  rig.clock.now = 31'000'000'000;
  rig.give({5});
  ASSERT_EQ(rig.log().size(), 3U);
  EXPECT_NE(rig.log()[2].find("the times of 2 records"), std::string::npos) << rig.log()[2];
}

}  // namespace
}  // namespace wallaroo::internal
