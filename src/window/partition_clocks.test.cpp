#include "window/partition_clocks.hpp"

#include <chrono>

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

}  // namespace
}  // namespace wallaroo::internal
