#include "run/pressure/pressure_sampler.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "record/record_batch.hpp"

namespace wallaroo::internal {
namespace {

class ASampler : public testing::Test {
 protected:
  ASampler() {
    PressureSampler::Point stage;
    stage.name = "stage 'count'";
    stage.rank = 1;
    stage.queues = {&before_stage_};
    stage.records = [this] { return records_; };
    stage.busy_s = [this] { return std::vector<double>{busy_s_, busy_s_ / 2}; };
    PressureSampler::Point sink;
    sink.name = "sink 'out'";
    sink.rank = 2;
    sink.peer = "127.0.0.1:7002";
    sink.queues = {&empty_, &before_sink_};
    sink.records = [this] { return records_; };
    sink.busy_s = [] { return std::vector<double>{0}; };
    sink.connected = [this] { return connected_; };
    sampler_.emplace(std::vector{stage, sink}, log_);
  }

  static void fill(Mailbox& mailbox) {
    BatchPtr batch = std::make_unique<RecordBatch<int>>();
    while (mailbox.try_push(batch)) {
      batch = std::make_unique<RecordBatch<int>>();
    }
  }
  void pass(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      sampler_->sample(now_ns_);
      now_ns_ += 1'000'000'000;
      records_ += 1'300;
      busy_s_ += 0.9;
    }
  }

  Mailbox before_stage_{nullptr, nullptr};
  Mailbox before_sink_{nullptr, nullptr};
  Mailbox empty_{nullptr, nullptr};
  bool connected_ = true;
  std::uint64_t records_ = 0;
  double busy_s_ = 0;
  std::int64_t now_ns_ = 5;
  std::vector<std::string> lines_;
  const Log log_{LogLevel::info,
                 [this](LogLevel, std::string_view text) { lines_.emplace_back(text); }};
  std::optional<PressureSampler> sampler_;
};

TEST_F(ASampler, SaysNothingWhileQueuesHaveRoom) {
  pass(60);
  EXPECT_EQ(lines_, std::vector<std::string>());
}

TEST_F(ASampler, NamesTheStageWhoseQueueIsFull) {
  fill(before_stage_);
  pass(12);
  EXPECT_EQ(lines_, (std::vector<std::string>{
                        "stage 'count' holds the others back: it takes 1.3 k records/s, and its "
                        "executor is busy 90 % of the time; its queue has been full for 10 s"}));
}

TEST_F(ASampler, NamesTheSinkThatFillsAllQueuesBeforeIt) {
  fill(before_stage_);
  fill(before_sink_);
  pass(12);
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_.back(),
            "sink 'out' holds the others back: 127.0.0.1:7002 takes 1.3 k records/s; its queue has "
            "been full for 10 s");
  connected_ = false;
  pass(30);
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_EQ(lines_.back().find("sink 'out' holds the others back: its peer 127.0.0.1:7002 has been "
                               "away for "),
            0U)
      << lines_.back();
}

}  // namespace
}  // namespace wallaroo::internal
