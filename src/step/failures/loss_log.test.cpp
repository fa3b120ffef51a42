#include "step/failures/loss_log.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/public_line.hpp"
#include "base/times.hpp"

namespace wallaroo::internal {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1'700'000'000 * second;

class TheLossLog : public testing::Test {
 protected:
  TheLossLog() { runtime_.info = &info_; }

  StageInfo info_{.name = "sums", .pipeline = "in", .kind = StageKind::window, .clocks = "'time'"};
  StageRuntime runtime_;
  std::vector<std::string> lines_;
  std::vector<std::string> public_lines_;
  const Log log_{
      LogLevel::debug, [this](LogLevel level, std::string_view text) {
        public_lines_.push_back(PublicLine::current() ? *PublicLine::current() : "");
        lines_.push_back((level == LogLevel::warning ? "warning: " : "") + std::string(text));
      }};
};

TEST_F(TheLossLog, ShowsTheRecordItsTimeTheWatermarkAndWhatToDo) {
  LossLog losses(log_);
  losses.late(runtime_, {start, true}, start + 3'200'000'000, std::string("ann 5"));
  EXPECT_EQ(
      lines_,
      (std::vector<std::string>{
          "warning: stage 'sums': a record came too late and was dropped, "
          "\"ann 5\" of 2023-11-14T22:13:20Z at watermark 2023-11-14T22:13:23.2Z (3.2 s later) (1 "
          "so far on this executor); raise bounded_lateness on 'time', give the "
          "windows a delay, or take late records with to_with_late"}));
  EXPECT_EQ(public_lines_.front(),
            "stage 'sums': a record came too late and was dropped, one of 2023-11-14T22:13:20Z at "
            "watermark 2023-11-14T22:13:23.2Z (3.2 s later) (1 so far on this executor); raise "
            "bounded_lateness on 'time', give the windows a delay, or take late records with "
            "to_with_late");
  EXPECT_EQ(PublicLine::current(), nullptr);
}

TEST_F(TheLossLog, TellsEverMoreRarelyAndCountsWhatItDidNotTell) {
  LossLog losses(log_);
  for (int i = 0; i < 1000; ++i) {
    losses.late(runtime_, {start, true}, start + second, i);
  }
  ASSERT_EQ(lines_.size(), 8U + 6U);  // 1 to 8, then 16, 32, 64, 128, 256, 512
  EXPECT_NE(lines_[8].find("8 more records came too late and were dropped, such as 15 of"),
            std::string::npos)
      << lines_[8];
  EXPECT_NE(lines_.back().find("256 more records"), std::string::npos) << lines_.back();
  EXPECT_NE(lines_.back().find("(512 so far on this executor)"), std::string::npos);
}

TEST_F(TheLossLog, OfRecordsThatThePolicyKeepsIsNoWarningAndGivesNoAdvice) {
  LossLog losses(log_);
  losses.late(runtime_, {start, false}, end_of_time, 7);
  EXPECT_EQ(lines_, (std::vector<std::string>{
                        "stage 'sums': a record came too late, 7 of 2023-11-14T22:13:20Z at "
                        "watermark the end of the stream (1 so far on this executor)"}));
}

TEST_F(TheLossLog, CountsRecordsThatCameTogether) {
  LossLog losses(log_);
  losses.late_together(runtime_, {start, true}, start + second, 5);
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_NE(lines_.back().find("5 more records came too late and were dropped, such as one of "
                               "2023-11-14T22:13:20Z at watermark 2023-11-14T22:13:21Z"),
            std::string::npos)
      << lines_.back();
  losses.late_together(runtime_, {start, true}, start + second, 10);  // from 5 to 15: 6, 7, 8
  losses.late_together(runtime_, {start, true}, start + second, 10);  // to 25: 16
  losses.late_together(runtime_, {start, true}, start + second, 6);   // to 31
  ASSERT_EQ(lines_.size(), 3U);
  losses.late(runtime_, {start, true}, start + second, 7);
  ASSERT_EQ(lines_.size(), 4U);
  EXPECT_NE(lines_.back().find("7 more records came too late"), std::string::npos);
  EXPECT_NE(lines_.back().find("(32 so far on this executor)"), std::string::npos);
}

TEST_F(TheLossLog, KeepsTheStagesOfASegmentApart) {
  LossLog losses(log_);
  StageInfo other_info{.name = "pairs", .pipeline = "in", .kind = StageKind::join};
  StageRuntime other;
  other.info = &other_info;
  for (int i = 0; i < 9; ++i) {
    losses.late(runtime_, {start, true}, start + second, i);
  }
  losses.late(other, {start, true}, start + second, 1);
  ASSERT_EQ(lines_.size(), 9U);
  EXPECT_NE(lines_.back().find("stage 'pairs': a record came too late"), std::string::npos);
  EXPECT_NE(lines_.back().find("; give the join a delay, or"), std::string::npos);
}

TEST_F(TheLossLog, ShortensLongRecords) {
  LossLog losses(log_);
  losses.late(runtime_, {start, true}, start + second, std::string(5000, 'x'));
  EXPECT_NE(lines_.front().find("... (5002 bytes in all)"), std::string::npos);
  EXPECT_LT(lines_.front().size(), 600U);
}

}  // namespace
}  // namespace wallaroo::internal
