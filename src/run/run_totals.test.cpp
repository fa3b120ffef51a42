#include "run/run_totals.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

RunTotals two_files() {
  RunTotals totals;
  totals.sources = {{"in", 12'400'000, 310'000'000, 3, 1}, {"made", 500, 0, 0, 0}};
  totals.sinks = {{"out", 1'300, 20'000, 0}};
  totals.stages = {{"in", StageKind::source, OnError::skip, 12'400'000, 0, 0, 3},
                   {"time", StageKind::event_time, OnError::dead_letter, 12'399'997, 0, 0, 2},
                   {"parse", StageKind::computation, OnError::skip, 100, 0, 0, 1},
                   {"stops", StageKind::computation, OnError::stop, 100, 0, 0, 1},
                   {"sums", StageKind::window, OnError::stop, 40'000, 19'990, 19'990, 0},
                   {"pairs", StageKind::join, OnError::stop, 40, 3, 1, 0},
                   {"alone", StageKind::window, OnError::stop, 40, 3, 0, 0}};
  totals.checkpoints = 12;
  return totals;
}

TEST(RunTotals, AreOneLineForPeople) {
  EXPECT_EQ(totals_line(two_files(), 10),
            "in 10 s: source 'in' 12.4 M records (1.2 M/s, 310 MB); source 'made' 500 records "
            "(50/s); sink 'out' 1.3 k records (130/s, 20 kB); 12 checkpoints");
  RunTotals one;
  one.sources = {{"in", 1, 0, 0, 0}};
  EXPECT_EQ(totals_line(one, 0), "in 0 ns: source 'in' 1 record (0/s)");
}

TEST(RunTotals, HaveALineForEveryPlaceWhereRecordsWereLost) {
  std::vector<std::string> lines;
  for (const LossLine& line : loss_lines(two_files())) {
    lines.push_back((line.chosen ? "(chosen) " : "") + line.text);
  }
  EXPECT_EQ(
      lines,
      (std::vector<std::string>{
          "source 'in': 3 of 12400000 records were bad (refused by the decoder, or cut off "
          "by the end of their stream)",
          "source 'in': 1 stream was given up, as records could not be told apart",
          "stage 'time': 2 of 12399997 records had no good time and were sent to the dead letters",
          "stage 'parse': 1 of 100 records failed and was skipped",
          "stage 'sums': 19990 of 40000 records came too late and were dropped",
          "stage 'pairs': 3 of 40 records came too late, of which 1 was dropped",
          "(chosen) stage 'alone': 3 of 40 records came too late, and went where its policy "
          "for late records says"}));
  RunTotals lost;
  lost.sinks = {{"out", 0, 0, 2}};
  EXPECT_EQ(loss_lines(lost).front().text,
            "sink 'out': 2 records were given up while the application was stopping");
}

TEST(RunTotals, SayNothingWhenNothingIsLost) {
  RunTotals totals;
  totals.sources = {{"in", 7, 70, 0, 0}};
  totals.stages = {{"sums", StageKind::window, OnError::stop, 7, 0, 0, 0}};
  EXPECT_TRUE(loss_lines(totals).empty());
}

TEST(RunTotals, AfterARollBackAreOfAllRuns) {
  RunTotals earlier = two_files();
  earlier.roll_backs = 1;
  RunTotals now = two_files();
  now.checkpoints = 20;
  now.add(earlier);
  EXPECT_EQ(now.sources[0].records, 24'800'000U);
  EXPECT_EQ(now.sinks[0].bytes, 40'000U);
  EXPECT_EQ(now.stages[4].dropped, 39'980U);
  EXPECT_EQ(now.checkpoints, 20U);
  EXPECT_EQ(now.roll_backs, 1U);
  RunTotals nothing;
  nothing.add(earlier);
  EXPECT_EQ(loss_lines(nothing).size(), loss_lines(earlier).size());
}

}  // namespace
}  // namespace wallaroo::internal
