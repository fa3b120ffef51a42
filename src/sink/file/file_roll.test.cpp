#include "sink/file/file_roll.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sink/file/file_commit.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;
using Files = std::vector<std::string>;

/// A sink without checkpoints.
struct RollingSink : SinkWorld<ManualClock> {
  explicit RollingSink(const FileSinkOptions& options) : sink("totals", options) {
    sink.open();
    writer = sink.writer(context());
    writer->start();
  }
  void write(const std::vector<std::string>& records) {
    const auto batch = batch_of(records);
    writer->write(*batch);
  }

  FileSink sink;
  std::unique_ptr<SinkWriter> writer;
};

TEST(ARollingFileSink, BeginsAFileAtTheRecordThatWouldMakeItTooLong) {
  const Directory directory;
  const FileSinkOptions options{.path = directory / "out", .roll_bytes = 6};
  RollingSink sink(options);
  sink.write({"a\n", "b\n", "c\n", "d\n", "longer than a file\n", "e\n"});
  sink.write({"f\n"});
  sink.writer->finish();
  EXPECT_TRUE(sink.writer->finished());
  EXPECT_EQ(files_of(options), (Files{"a\nb\nc\n", "d\n", "longer than a file\n", "e\nf\n"}));
  EXPECT_EQ(sink.metrics.records.value(), 7U);
}

TEST(ARollingFileSink, BeginsAFileWhenTheFirstRecordOfTheLastOneIsOld) {
  const Directory directory;
  const FileSinkOptions options{.path = directory / "out", .roll_every = 10s};
  RollingSink sink(options);
  sink.clock.advance(1h);
  sink.write({"a\n"});
  sink.clock.advance(9s);
  sink.write({"b\n"});
  sink.clock.advance(1s);
  sink.write({"c\n"});
  sink.clock.advance(9s);
  sink.write({"d\n"});
  sink.writer->finish();
  EXPECT_EQ(files_of(options), (Files{"a\nb\n", "c\nd\n"}));
}

TEST(ARollingFileSink, AFileKeepsItsAgeThroughARestart) {
  const Directory directory;
  const FileSinkOptions options{.path = directory / "out", .roll_every = 10s};
  std::string vote;
  {
    CommittingRun<ManualClock> run(options, {});
    run.write({"a\n"});
    vote = run.checkpoint(1);
  }
  CommittingRun<ManualClock> run(options, {1, vote});
  run.clock.advance(9s);
  run.write({"b\n"});
  run.clock.advance(1s);
  run.write({"c\n"});
  run.checkpoint(2);
  EXPECT_EQ(files_of(options), (Files{"a\nb\n", "c\n"}));
}

TEST(ARollingFileSink, GoesOnWithTheNextFileWhenItAppends) {
  const Directory directory;
  FileSinkOptions options{.path = directory / "out", .append = true, .roll_bytes = 100};
  for (const char* const text : {"a\n", "b\n"}) {
    RollingSink sink(options);
    sink.write({text});
    sink.writer->finish();
  }
  EXPECT_EQ(files_of(options), (Files{"a\n", "b\n"}));
  options.append = false;
  RollingSink sink(options);
  EXPECT_EQ(files_of(options), Files{""});
}

RC_GTEST_PROP(ARollPlan, DealsEveryRecordToTheFirstFileThatTakesIt, ()) {
  const auto limit = *rc::gen::inRange<std::uint64_t>(1, 40);
  RollPlan plan({limit, 0}, {1, 0, 0});
  std::vector<std::uint64_t> sizes{0};  // of the files, by a rule that takes one record each time
  std::vector<std::uint64_t> planned{0};
  for (int batches = *rc::gen::inRange(0, 8); batches > 0; --batches) {
    ByteBatch batch;
    for (const auto size :
         *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 50))) {
      add_record(batch, std::string(size, 'x'));
      if (size != 0 && sizes.back() != 0 && sizes.back() + size > limit) {
        sizes.push_back(0);
      }
      sizes.back() += size;
    }
    plan.split(
        batch, 0, [&](ByteBatch& some) { planned.back() += some.bytes.size(); },
        [&] { planned.push_back(0); });
  }
  RC_ASSERT(planned == sizes);
  RC_ASSERT(plan.end().index == sizes.size());
  RC_ASSERT(plan.end().bytes == sizes.back());
}

}  // namespace
}  // namespace wallaroo::internal
