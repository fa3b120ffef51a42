#include "ui/history/history.hpp"

#include <cmath>
#include <cstdint>

#include <gtest/gtest.h>

#include "ui/history.rig.hpp"

namespace wallaroo::internal {
namespace {

TEST(History, HasNoPointBeforeTheSecondSample) {
  Counted app;
  EXPECT_EQ(app.history.newest(), 0U);
  app.sample();
  EXPECT_EQ(app.history.newest(), 0U);
  app.sample();
  EXPECT_EQ(app.history.newest(), 1U);
  EXPECT_EQ(app.history.oldest(), 1U);
}

TEST(History, RatesAreSummedOverExecutors) {
  Counted app;
  app.sample();
  app.stages[Counted::count][0].records_in.add(30);
  app.stages[Counted::count][1].records_in.add(12);
  app.sample();
  EXPECT_FLOAT_EQ(app.history.node(Counted::count).in.at(1), 42);
  app.sample();
  EXPECT_FLOAT_EQ(app.history.node(Counted::count).in.at(2), 0);
}

TEST(History, ASourceCountsWhatItReadAndASinkWhatItWrote) {
  Counted app;
  app.sample();
  app.source.records.add(100);
  app.sink.records.add(7);
  app.stages[Counted::totals][0].records_in.add(9);
  app.sample();
  EXPECT_FLOAT_EQ(app.history.node(Counted::lines).in.at(1), 100);
  EXPECT_FLOAT_EQ(app.history.node(Counted::totals).in.at(1), 9);
  EXPECT_FLOAT_EQ(app.history.node(Counted::totals).out.at(1), 7);
}

TEST(History, TimeThatWasNotSampledIsAGapAndNoSpike) {
  Counted app;
  app.sample();
  app.sample();
  app.source.records.add(1'000'000);
  app.sample(5.0);  // the process was stopped
  app.source.records.add(10);
  app.sample();
  EXPECT_EQ(app.history.newest(), 7U);
  for (std::uint64_t n = 2; n <= 6; ++n) {
    EXPECT_TRUE(std::isnan(app.history.node(Counted::lines).in.at(n))) << n;
    EXPECT_FALSE(app.history.sink(Counted::totals)->latency.at(n).known) << n;
  }
  EXPECT_FLOAT_EQ(app.history.node(Counted::lines).in.at(7), 10);
}

TEST(History, ALongGapIsNoLongerThanTheHistory) {
  Counted app;
  app.sample();
  app.sample();
  app.sample(100'000);
  EXPECT_EQ(app.history.newest(), 100'001U);
  EXPECT_EQ(app.history.oldest(), 100'001U - history_points + 1);
  EXPECT_TRUE(std::isnan(app.history.node(Counted::lines).in.at(app.history.oldest())));
}

TEST(History, CountersOfAnotherRunBeginAnew) {
  Counted app;
  app.source.records.add(1000);
  app.sample();
  app.sample();
  app.history.restart();
  app.sample();
  EXPECT_EQ(app.history.newest(), 2U);
  EXPECT_TRUE(std::isnan(app.history.node(Counted::lines).in.at(2)));
}

TEST(History, KeepsTenMinutes) {
  Counted app;
  for (std::uint64_t i = 0; i <= 700; ++i) {
    app.source.records.add(i);
    app.sample();
  }
  EXPECT_EQ(app.history.newest(), 700U);
  EXPECT_EQ(app.history.oldest(), 101U);
  EXPECT_FLOAT_EQ(app.history.node(Counted::lines).in.at(101), 101);
  EXPECT_FLOAT_EQ(app.history.node(Counted::lines).in.at(700), 700);
  EXPECT_DOUBLE_EQ(app.history.time_of(101), app.history.sample().time - 599);
}

TEST(History, TheTimeOfASegmentIsDividedByTheCostOfItsStages) {
  Counted app;
  app.sample();
  for (const std::size_t executor : {0U, 1U}) {
    app.segments[1][executor].busy_ns.add(800'000'000);
    StageMetrics& count = app.stages[Counted::count][executor];
    count.records_in.add(1000);
    count.latency.record(30'000);
    StageMetrics& totals = app.stages[Counted::totals][executor];
    totals.records_in.add(1000);
    totals.latency.record(10'000);
  }
  app.sample();
  EXPECT_NEAR(app.history.node(Counted::count).busy.at(1), 0.6, 0.01);
  EXPECT_NEAR(app.history.node(Counted::totals).busy.at(1), 0.2, 0.01);
}

TEST(History, LagIsThatOfTheExecutorFurthestBehind) {
  Counted app;
  app.sample();
  app.sample();
  EXPECT_TRUE(std::isnan(app.history.node(Counted::count).lag.at(1)));
  app.watermark_s = {app.time_s - 3, app.time_s - 7};
  app.sample();
  EXPECT_NEAR(app.history.node(Counted::count).lag.at(2), 8, 0.01);
}

TEST(History, ExecutorsAndEdgesHaveShares) {
  Counted app;
  app.sample();
  app.executors[1].busy_ns.add(250'000'000);
  app.executors[1].blocked_ns.add(500'000'000);
  app.fill = {12, 64, 0.75};
  app.sample();
  EXPECT_NEAR(app.history.executor(1).busy.at(1), 0.25, 1e-6);
  EXPECT_NEAR(app.history.executor(1).blocked.at(1), 0.5, 1e-6);
  EXPECT_FLOAT_EQ(app.history.edge(Counted::exchange).full.at(1), 0.75);
  EXPECT_FLOAT_EQ(app.history.edge(Counted::exchange).queued.at(1), 12);
}

TEST(History, ABatchOfSecondsIsBusyTimeOfAllOfThem) {
  Counted app;
  app.sample();
  app.sample();
  app.idle = false;
  app.sample();
  EXPECT_FLOAT_EQ(app.history.executor(0).busy.at(2), 0);  // it may be asleep
  app.sample();
  EXPECT_FLOAT_EQ(app.history.executor(0).busy.at(2), 1);
  EXPECT_FLOAT_EQ(app.history.executor(0).busy.at(3), 1);
  app.executors[0].busy_ns.add(2'500'000'000);
  app.segments[1][0].busy_ns.add(2'500'000'000);
  app.executors[0].idle_ns.add(500'000'000);
  app.sample();
  EXPECT_FLOAT_EQ(app.history.executor(0).busy.at(4), 1);
  EXPECT_FLOAT_EQ(app.history.executor(0).busy.at(1), 0);
  EXPECT_NEAR(app.history.node(Counted::count).busy.at(4), 0.625, 0.01);  // of two executors
}

TEST(History, TheRecordsOfABatchOfSecondsBelongToAllOfThem) {
  Counted app;
  app.sample();
  app.sample();
  app.idle = false;
  app.sample();
  app.sample();
  EXPECT_FLOAT_EQ(app.history.node(Counted::count).in.at(3), 0);  // nobody knows yet
  app.stages[Counted::count][0].records_in.add(300);
  app.stages[Counted::lines][0].records_out.add(300);
  app.source.records.add(330);
  app.executors[0].busy_ns.add(3'000'000'000);
  app.segments[1][0].busy_ns.add(2'400'000'000);
  app.sample();
  for (std::uint64_t n = 2; n <= 4; ++n) {
    EXPECT_FLOAT_EQ(app.history.node(Counted::count).in.at(n), 100) << n;
    EXPECT_FLOAT_EQ(app.history.node(Counted::lines).in.at(n), 110) << n;
  }
  EXPECT_FLOAT_EQ(app.history.node(Counted::count).in.at(1), 0);
  EXPECT_NEAR(app.history.recent(Counted::count, 0).in, 72.5, 0.1);
  EXPECT_NEAR(app.history.recent_segment(1, 0).busy, 0.58, 0.01);
  app.sample();
  EXPECT_NEAR(app.history.recent(Counted::count, 0).in, 72.5, 0.1);  // it works on the next batch
}

TEST(History, BinsHaveWhatWasTimedInAPoint) {
  Counted app;
  app.sample();
  app.stages[Counted::count][0].latency.record(1500, 3);
  app.stages[Counted::count][1].latency.record(1500, 100'000);
  app.sample();
  const auto& point = app.history.node(Counted::count).calls.at(1);
  EXPECT_EQ(point.in_bin[1], 65'535);  // no more fit
  EXPECT_EQ(point.in_bin[0], 0);
}

}  // namespace
}  // namespace wallaroo::internal
