#include "window/time/partition_clocks.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

void give(PartitionClocks& clocks, std::uint64_t partition, std::int64_t time,
          std::int64_t now = 0) {
  clocks.select(partition, now);
  clocks.observe(time);
  clocks.update();
}

EventTimeOptions late_by(std::chrono::nanoseconds lateness) {
  EventTimeOptions options = bounded_lateness(lateness);
  options.idle_after = 100ns;
  return options;
}

TEST(PartitionClocks, WithoutPartitionsTheSourceIsIdle) {
  const PartitionClocks clocks(ascending());
  EXPECT_EQ(clocks.watermark(), (Watermark{no_time, true}));
  EXPECT_EQ(clocks.next_time_ns(), end_of_time);
}

TEST(PartitionClocks, TheWatermarkIsTheGreatestTimeMinusTheLateness) {
  PartitionClocks clocks(late_by(10ns));
  give(clocks, 1, 50);
  EXPECT_EQ(clocks.watermark(), (Watermark{40, false}));
  give(clocks, 1, 45);
  EXPECT_EQ(clocks.watermark(), (Watermark{40, false}));
  give(clocks, 1, 51);
  EXPECT_EQ(clocks.watermark(), (Watermark{41, false}));
}

TEST(PartitionClocks, ThePartitionThatIsBehindHoldsTheOthersBack) {
  PartitionClocks clocks(late_by(0ns));
  clocks.open(1, 0);
  clocks.open(2, 0);
  give(clocks, 1, 50);
  EXPECT_EQ(clocks.watermark().time_ns, no_time);
  give(clocks, 2, 20);
  EXPECT_EQ(clocks.watermark().time_ns, 20);
  give(clocks, 2, 70);
  EXPECT_EQ(clocks.watermark().time_ns, 50);
  give(clocks, 1, 90);
  EXPECT_EQ(clocks.watermark().time_ns, 70);
}

TEST(PartitionClocks, APartitionThatEndsHoldsNobodyBack) {
  PartitionClocks clocks(late_by(0ns));
  give(clocks, 1, 10);
  give(clocks, 2, 30);
  clocks.end(1);
  EXPECT_EQ(clocks.watermark(), (Watermark{30, false}));
  clocks.end(2);
  EXPECT_EQ(clocks.watermark(), (Watermark{30, true}));
}

TEST(PartitionClocks, APartitionWithoutRecordsForTheTimeGivenIsIdle) {
  PartitionClocks clocks(late_by(0ns));
  give(clocks, 1, 10, 0);
  give(clocks, 2, 30, 60);
  EXPECT_EQ(clocks.next_time_ns(), 100);
  clocks.on_time(99);
  EXPECT_EQ(clocks.watermark(), (Watermark{10, false}));
  clocks.on_time(100);
  EXPECT_EQ(clocks.watermark(), (Watermark{30, false}));
  EXPECT_EQ(clocks.next_time_ns(), 160);
  clocks.on_time(160);
  EXPECT_EQ(clocks.watermark(), (Watermark{30, true}));
  EXPECT_EQ(clocks.next_time_ns(), end_of_time);
}

TEST(PartitionClocks, APartitionThatNeverGaveARecordIsIdleInTime) {
  PartitionClocks clocks(late_by(0ns));
  clocks.open(1, 5);
  give(clocks, 2, 30, 50);
  EXPECT_EQ(clocks.watermark().time_ns, no_time);
  clocks.on_time(105);
  EXPECT_EQ(clocks.watermark(), (Watermark{30, false}));
}

TEST(PartitionClocks, AnIdlePartitionThatWakesUpHoldsTheOthersBackAgainButTheWatermarkStays) {
  PartitionClocks clocks(late_by(0ns));
  give(clocks, 1, 10, 0);
  give(clocks, 2, 30, 60);
  clocks.on_time(100);
  ASSERT_EQ(clocks.watermark().time_ns, 30);
  give(clocks, 1, 12, 120);
  EXPECT_EQ(clocks.watermark(), (Watermark{30, false}));
  give(clocks, 2, 80, 130);
  EXPECT_EQ(clocks.watermark().time_ns, 30);
  give(clocks, 1, 60, 140);
  EXPECT_EQ(clocks.watermark().time_ns, 60);
  clocks.on_time(230);
  EXPECT_EQ(clocks.watermark().time_ns, 60);
  clocks.on_time(240);
  EXPECT_EQ(clocks.watermark(), (Watermark{80, true}));
}

TEST(PartitionClocks, ASourceThatHasJustBegunIsNotIdleWithoutPartitions) {
  PartitionClocks clocks(late_by(0ns));
  clocks.begin(1000);
  EXPECT_EQ(clocks.watermark(), (Watermark{no_time, false}));
  clocks.on_time(1099);
  EXPECT_EQ(clocks.watermark(), (Watermark{no_time, false}));
  EXPECT_EQ(clocks.next_time_ns(), 1100);
  clocks.on_time(1100);
  EXPECT_EQ(clocks.watermark(), (Watermark{no_time, true}));
}

TEST(PartitionClocks, WithAnIdleTimeOfZeroNobodyIsIdle) {
  EventTimeOptions options = ascending();
  options.idle_after = 0ns;
  PartitionClocks clocks(options);
  give(clocks, 1, 10, 0);
  EXPECT_EQ(clocks.next_time_ns(), end_of_time);
  clocks.on_time(end_of_time - 1);
  EXPECT_FALSE(clocks.watermark().idle);
}

TEST(PartitionClocks, ACustomStrategyKeepsItsStateByPartitionAndCannotGoBack) {
  PartitionClocks clocks(custom_watermarks(
      [] { return [records = 0](EventTime time) mutable { return time - 10ns * ++records; }; }));
  give(clocks, 1, 100);
  EXPECT_EQ(clocks.watermark().time_ns, 90);
  give(clocks, 1, 100);
  EXPECT_EQ(clocks.watermark().time_ns, 90);
  give(clocks, 2, 101);
  give(clocks, 1, 200);
  EXPECT_EQ(clocks.watermark().time_ns, 91);
}

TEST(PartitionClocks, APartitionOfWhichTheStrategyKnowsNothingYetIsNotIdle) {
  EventTimeOptions options =
      custom_watermarks([] { return [](EventTime) { return EventTime::min(); }; });
  options.idle_after = 100ns;
  PartitionClocks clocks(options);
  give(clocks, 1, 10, 0);
  give(clocks, 1, 11, 90);
  clocks.on_time(100);
  EXPECT_EQ(clocks.watermark(), (Watermark{no_time, false}));
  clocks.on_time(190);
  EXPECT_EQ(clocks.watermark(), (Watermark{no_time, true}));
}

TEST(PartitionClocks, TimeInWhichNobodyCouldBeHeardIsNoSilence) {
  PartitionClocks clocks(late_by(0ns));
  give(clocks, 1, 10, 0);
  give(clocks, 2, 30, 60);
  clocks.skip_time(1000);  // a quarter of the idle time counts
  clocks.on_time(1070);
  EXPECT_EQ(clocks.watermark(), (Watermark{10, false}));
  EXPECT_EQ(clocks.next_time_ns(), 1075);
  clocks.on_time(1075);
  EXPECT_EQ(clocks.watermark(), (Watermark{30, false}));
  give(clocks, 1, 31, 1080);
  EXPECT_EQ(clocks.next_time_ns(), 1135);
}

TEST(PartitionClocks, ASourceThatLoadsForLongBeginsAfterwards) {
  PartitionClocks clocks(late_by(0ns));
  clocks.begin(1000);
  clocks.skip_time(5000);
  clocks.on_time(6000);
  EXPECT_FALSE(clocks.watermark().idle);
  clocks.on_time(6075);
  EXPECT_TRUE(clocks.watermark().idle);
}

TEST(PartitionClocks, APartitionThatIsCutOffIsWaitedForUntilItIsIdle) {
  PartitionClocks clocks(late_by(0ns));
  give(clocks, 1, 10, 0);
  give(clocks, 2, 30, 50);
  clocks.leave(1);
  give(clocks, 2, 40, 90);
  EXPECT_EQ(clocks.watermark().time_ns, 10);
  clocks.on_time(100);
  EXPECT_EQ(clocks.watermark().time_ns, 40);
  clocks.on_time(190);
  EXPECT_EQ(clocks.next_time_ns(), end_of_time) << "nothing is known of it any more";
}

TEST(PartitionClocks, APartitionThatComesBackGoesOnWhereItWas) {
  PartitionClocks clocks(late_by(0ns));
  give(clocks, 1, 10, 0);
  give(clocks, 2, 30, 50);
  clocks.leave(1);
  clocks.open(1, 90);
  give(clocks, 2, 40, 150);
  clocks.on_time(189);
  EXPECT_EQ(clocks.watermark().time_ns, 10) << "it has the whole idle time again";
  give(clocks, 1, 35, 189);
  EXPECT_EQ(clocks.watermark().time_ns, 35);
}

TEST(PartitionClocks, WithoutAnIdleTimeAPartitionThatIsCutOffIsWaitedForUntilItIsElsewhere) {
  EventTimeOptions options = ascending();
  options.idle_after = 0ns;
  PartitionClocks clocks(options);
  give(clocks, 1, 10, 0);
  give(clocks, 2, 30, 0);
  clocks.leave(1);
  clocks.on_time(end_of_time - 1);
  EXPECT_EQ(clocks.watermark().time_ns, 10);
  clocks.forget(1);
  EXPECT_EQ(clocks.watermark().time_ns, 30);
}

TEST(PartitionClocks, APartitionThatGoesOnElsewhereHoldsTheOthersBackWhereItGaveSomething) {
  PartitionClocks clocks(late_by(0ns));
  give(clocks, 1, 10, 0);
  give(clocks, 2, 30, 50);
  clocks.open(3, 50);
  clocks.leave(1);
  clocks.leave(3);
  EXPECT_EQ(clocks.watermark().time_ns, 10);
  clocks.forget(3);
  clocks.forget(1);
  EXPECT_EQ(clocks.watermark().time_ns, 10);
  clocks.on_time(100);
  EXPECT_EQ(clocks.watermark().time_ns, 30);
}

EventTimeOptions jumps_of(std::chrono::nanoseconds most) {
  EventTimeOptions options = late_by(5ns);
  options.max_jump = most;
  return options;
}

TEST(PartitionClocks, ARecordFarAheadMovesNothingUntilTheOthersAreThere) {
  PartitionClocks clocks(jumps_of(100ns));
  give(clocks, 1, 50);
  give(clocks, 1, 1000);
  EXPECT_EQ(clocks.watermark().time_ns, 45);
  give(clocks, 1, 60);
  EXPECT_EQ(clocks.watermark().time_ns, 55);
  EXPECT_EQ(clocks.not_believed(), 1U);
  give(clocks, 1, 1000);
  give(clocks, 1, 1101);
  EXPECT_EQ(clocks.watermark().time_ns, 995);
  give(clocks, 1, 1150);
  give(clocks, 1, 1202);
  EXPECT_EQ(clocks.watermark().time_ns, 1197);
}

TEST(PartitionClocks, WhatIsFarAheadDoesNotDependOnTheBatches) {
  const std::vector<std::int64_t> times = {50,  1000, 60,   70,   180, 290,  400,
                                           900, 901,  1001, 1002, 500, 1010, 3000};
  std::vector<std::int64_t> wanted;
  PartitionClocks one_by_one(jumps_of(100ns));
  for (const std::int64_t time : times) {
    give(one_by_one, 1, time);
    wanted.push_back(one_by_one.watermark().time_ns);
  }
  for (std::size_t size = 2; size <= times.size(); ++size) {
    PartitionClocks clocks(jumps_of(100ns));
    for (std::size_t first = 0; first < times.size(); first += size) {
      const std::size_t end = std::min(first + size, times.size());
      clocks.select(1, 0);
      for (std::size_t i = first; i < end; ++i) {
        clocks.observe(times[i]);
      }
      clocks.update();
      EXPECT_EQ(clocks.watermark().time_ns, wanted[end - 1]) << size << " at a time, " << end;
    }
  }
}

TEST(PartitionClocks, TheFirstRecordIsHeldAgainstTheWallClockAndLaterOnesAgainstTheSource) {
  PartitionClocks clocks(jumps_of(100ns));
  clocks.select(1, 0, 500);
  clocks.observe(3000);
  clocks.update();
  EXPECT_EQ(clocks.watermark(), (Watermark{no_time, false}));
  give(clocks, 1, 490);
  EXPECT_EQ(clocks.watermark().time_ns, 485);
  clocks.on_time(100);  // it is idle
  give(clocks, 2, 3000, 100);
  clocks.on_time(200);
  EXPECT_EQ(clocks.watermark().time_ns, 485);
  give(clocks, 3, 560, 200);
  EXPECT_EQ(clocks.watermark().time_ns, 555) << "the second is idle and moved nothing";
}

TEST(PartitionClocks, AfterARestartTheFirstRecordIsHeldAgainstTheWatermark) {
  PartitionClocks clocks(jumps_of(100ns));
  const PartitionClocks::Saved saved{485, 485, false, {}};
  clocks.resume(std::span(&saved, 1));
  give(clocks, 1, 3000);
  EXPECT_EQ(clocks.watermark().time_ns, 485);
  give(clocks, 1, 495);
  EXPECT_EQ(clocks.watermark().time_ns, 490);
}

TEST(PartitionClocks, AJumpThatWaitsToBeConfirmedDoesSoAcrossARestart) {
  PartitionClocks before(jumps_of(100ns));
  give(before, 3, 50);
  give(before, 3, 1000);
  PartitionClocks clocks(jumps_of(100ns));
  const PartitionClocks::Saved saved = before.saved();
  clocks.resume(std::span(&saved, 1));
  ASSERT_EQ(clocks.saved().runs.size(), 1U) << "also while nothing has come";
  give(clocks, 3, 1050);
  EXPECT_EQ(clocks.watermark().time_ns, 45);
  give(clocks, 3, 1101);
  EXPECT_EQ(clocks.watermark().time_ns, 1096);
}

// The wall clock is far ahead of the records, and one in ten is a straggler from before the pauses.
TEST(PartitionClocks, OfAnArchiveAreTheSameWithARestartBeforeEachRecord) {
  PartitionClocks undisturbed(jumps_of(100ns));
  PartitionClocks::Saved saved;
  PartitionClocks::Saved other;  // of an executor without partitions
  for (std::int64_t i = 0; i < 6000; ++i) {
    const std::int64_t time = i % 10 == 0 ? i % 40 : i / 2000 * 10'000 + i % 50;
    undisturbed.select(0, 0, 1'000'000);
    undisturbed.observe(time);
    undisturbed.update();
    PartitionClocks restarted(jumps_of(100ns));
    PartitionClocks idle(jumps_of(100ns));
    if (i != 0) {
      const std::array all{other, saved};
      restarted.resume(all);
      idle.resume(all);
    }
    restarted.select(0, 0, 1'000'000);
    restarted.observe(time);
    restarted.update();
    ASSERT_EQ(restarted.watermark().time_ns, undisturbed.watermark().time_ns) << i;
    saved = restarted.saved();
    other = idle.saved();
  }
  EXPECT_GT(undisturbed.watermark().time_ns, 19'000) << "it has followed both pauses";
}

TEST(PartitionClocks, AtTheEndJumpsThatNothingContradictedAreBelieved) {
  PartitionClocks clocks(jumps_of(100ns));
  give(clocks, 1, 50);
  give(clocks, 1, 1000);
  give(clocks, 2, 70);
  give(clocks, 2, 2000);
  clocks.end(1);
  EXPECT_EQ(clocks.watermark().time_ns, 65);
  clocks.end(2);
  EXPECT_EQ(clocks.watermark(), (Watermark{65, true}));
  clocks.finish();
  EXPECT_EQ(clocks.watermark().time_ns, 1995);
}

TEST(PartitionClocks, AtTheEndJumpsFromBeforeARestartAreBelievedToo) {
  PartitionClocks before(jumps_of(100ns));
  give(before, 1, 50);
  give(before, 1, 1000);
  before.end(1);
  give(before, 2, 60);
  give(before, 2, 900);
  for (const bool ended : {true, false}) {
    PartitionClocks::Saved saved = before.saved();
    if (!ended) {
      saved.unconfirmed_ns = no_time;  // as of a checkpoint without the first partition
    }
    PartitionClocks clocks(jumps_of(100ns));
    clocks.resume(std::span(&saved, 1));
    clocks.open(2, 0, true);  // it has nothing more
    clocks.end(2);
    clocks.finish();
    clocks.end_all();
    EXPECT_EQ(clocks.watermark().time_ns, ended ? 995 : 895);
  }
}

TEST(PartitionClocks, OfPartitionsThatAreEquallyFarBehindTheLowestIsToBeReadNext) {
  PartitionClocks clocks(late_by(0ns));
  EXPECT_EQ(clocks.behind(), std::nullopt);
  for (const std::uint64_t partition : {7, 3, 5}) {
    clocks.open(partition, 0, true);
  }
  EXPECT_EQ(clocks.behind(), 3U);
  give(clocks, 3, 50);
  EXPECT_EQ(clocks.behind(), 5U);
  give(clocks, 5, 20);
  give(clocks, 7, 30);
  EXPECT_EQ(clocks.behind(), 5U);
  give(clocks, 5, 31);
  EXPECT_EQ(clocks.behind(), 7U);
  clocks.end(7);
  EXPECT_EQ(clocks.behind(), 5U);
  clocks.end(5);
  EXPECT_EQ(clocks.behind(), 3U);
  clocks.end(3);
  EXPECT_EQ(clocks.behind(), std::nullopt);
}

TEST(PartitionClocks, ABoundedPartitionIsNeverIdleHoweverLongItIsNotRead) {
  PartitionClocks clocks(late_by(0ns));
  clocks.open(1, 0, true);
  clocks.open(2, 0, false);
  give(clocks, 1, 10, 0);
  give(clocks, 2, 30, 0);
  clocks.on_time(1'000);
  EXPECT_EQ(clocks.watermark(), (Watermark{10, false}));
  EXPECT_EQ(clocks.behind(), 1U);
  EXPECT_EQ(clocks.next_time_ns(), end_of_time);
}

}  // namespace
}  // namespace wallaroo::internal
