#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>

#include <wallaroo/types/error.hpp>

#include "base/failpoint.hpp"
#include "sink/file/file_commit.rig.hpp"
#include "sink/file/file_transaction.hpp"

namespace wallaroo::internal {
namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""s;

/// Drives a sink at random, and knows what readers must see.
class Model {
 public:
  explicit Model(FileSinkOptions options) : options_(std::move(options)) { start({}, ""); }

  void step() {
    switch (*rc::gen::inRange(0, 12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return write();
      case 4:
        return run_->writer->flush();
      case 5:
      case 6:
        return checkpoint(false, false);
      case 7:
        return checkpoint(true, false);
      case 8:
        return checkpoint(false, true);
      case 9:
        return die();
      case 10:
        return die_in_doubt();
      default:
        return go_back();
    }
  }
  void check() {
    const std::string seen = visible(options_);
    RC_ASSERT(seen == committed_);
    RC_ASSERT(part_files(options_.path) <= 2U);
    for (const std::string& file : files_of(options_)) {
      const bool one_record = file.find('\n') + 1 == file.size();
      RC_ASSERT(options_.roll_bytes == 0 || file.size() <= options_.roll_bytes || one_record);
      RC_ASSERT(file.empty() || file.back() == '\n');
    }
  }

 private:
  struct Complete {
    std::string vote;
    std::string content;
  };

  void start(const SinkRecovery& recovery, std::string content) {
    run_.reset();
    run_ = std::make_unique<CommittingRun<ManualClock>>(options_, recovery);
    committed_ = std::move(content);
    written_ = committed_;
  }
  void write() {
    std::vector<std::string> records;
    for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
      const auto size = *rc::gen::weightedOneOf<std::size_t>(
          {{8, rc::gen::inRange<std::size_t>(0, 30)}, {1, rc::gen::just<std::size_t>(90'000)}});
      records.push_back(fmt::format("{}{}\n", next_++, std::string(size, '.')));
      written_ += records.back();
    }
    run_->clock.advance(std::chrono::milliseconds(*rc::gen::inRange(0, 400)));
    run_->write(records);
  }
  /// Takes a checkpoint and writes records at every point at which some may come.
  void checkpoint(bool abandoned, bool late) {
    const std::string before = written_;
    run_->writer->barrier(++number_);
    write();
    if (abandoned) {
      return run_->writer->abandon(number_);
    }
    Complete complete{run_->prepare(number_), before};
    check();
    if (late) {
      write();
    }
    run_->writer->commit(number_);
    write();
    RC_ASSERT(run_->poll_until([&] { return run_->answers.has_committed(number_); }));
    committed_ = before;
    complete_[number_] = std::move(complete);
  }
  void die() { recover_last(); }
  /// Dies after the vote. The checkpoint may have become complete, and its commit may have begun.
  void die_in_doubt() {
    const std::string before = written_;
    run_->writer->barrier(++number_);
    write();
    Complete complete{run_->prepare(number_), before};
    if (*rc::gen::arbitrary<bool>()) {
      complete_[number_] = std::move(complete);
      if (*rc::gen::arbitrary<bool>()) {
        run_->writer->commit(number_);
      }
    }
    recover_last();
  }
  void recover_last() {
    if (complete_.empty()) {
      start({}, "");
    } else {
      const auto& [number, last] = *complete_.rbegin();
      start({number, last.vote}, last.content);
    }
  }
  /// Goes back to any older checkpoint; later ones are then gone.
  void go_back() {
    if (!complete_.empty()) {
      auto to = std::next(complete_.begin(), *rc::gen::inRange<std::ptrdiff_t>(
                                                 0, static_cast<std::ptrdiff_t>(complete_.size())));
      complete_.erase(std::next(to), complete_.end());
    }
    recover_last();
  }

  FileSinkOptions options_;
  std::unique_ptr<CommittingRun<ManualClock>> run_;
  std::uint64_t number_ = 0;
  std::uint64_t next_ = 0;
  std::string written_;    // by this run and those that it continues
  std::string committed_;  // what readers must see
  std::map<std::uint64_t, Complete> complete_;
};

RC_GTEST_PROP(AFileSinkWithCheckpoints, ShowsExactlyWhatIsCommittedThroughCrashesAndReturns, ()) {
  const Directory directory;
  FileSinkOptions options{.path = directory / "out"};
  options.roll_bytes = *rc::gen::element<std::uint64_t>(0, 0, 64, 1'000, 200'000);
  options.roll_every = std::chrono::milliseconds(*rc::gen::element(0, 0, 700));
  Model model(options);
  model.check();
  const int steps = *rc::gen::inRange(1, 40);
  for (int i = 0; i < steps; ++i) {
    model.step();
    model.check();
  }
}

class ACommittingFileSink : public testing::Test {
 protected:
  std::string error_of_start(const FileSinkOptions& options, const SinkRecovery& recovery) {
    try {
      CommittingRun<> run(options, recovery);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  Directory directory_;
  FileSinkOptions options_{.path = directory_ / "out"};
};

TEST_F(ACommittingFileSink, IsFinishedWhenItsLastRecordsAreCommitted) {
  CommittingRun run(options_, {});
  run.write({"a\n"});
  run.writer->finish();
  EXPECT_FALSE(run.writer->finished());
  EXPECT_EQ(content(options_.path), "");
  run.checkpoint(1);
  EXPECT_TRUE(run.writer->finished());
  EXPECT_EQ(content(options_.path), "a\n");
  EXPECT_EQ(part_files(options_.path), 0U);
  EXPECT_EQ(run.checkpoint(2).empty(), false) << "other sinks may need one more";
}

TEST_F(ACommittingFileSink, OfASequenceIsNotTheSecondOneWhilePartsOfTheFirstAreOpen) {
  options_.roll_bytes = 1'000;
  CommittingRun first(options_, {});
  first.write({"a\n"});
  first.writer->flush();
  EXPECT_NE(error_of_start(options_, {}).find("another process writes to"), std::string::npos);
  first.checkpoint(1);
  EXPECT_EQ(visible(options_), "a\n");
}

TEST_F(ACommittingFileSink, KeepsWhatWasThereOnlyWhenItAppends) {
  for (const bool append : {true, false}) {
    std::ofstream(options_.path) << "old\n";
    options_.append = append;
    const std::string old = append ? "old\n" : "";
    std::string vote;
    {
      CommittingRun run(options_, {});
      EXPECT_EQ(content(options_.path), old);
      run.write({"new\n"});
      vote = run.checkpoint(1);
      run.write({"never committed\n"});
      run.writer->flush();
    }
    EXPECT_EQ(content(options_.path), old + "new\n");
    CommittingRun run(options_, {1, vote});
    EXPECT_EQ(content(options_.path), old + "new\n");
  }
}

TEST_F(ACommittingFileSink, ASequenceIsContinuedWithItsNextFileOrBegunAnew) {
  options_.roll_bytes = 3;
  std::ofstream(options_.path + ".000001") << "a\n";
  std::ofstream(options_.path + ".000002") << "b\n";
  std::ofstream(options_.path + ".old") << "not of the sequence\n";
  options_.append = true;
  {
    CommittingRun run(options_, {});
    run.write({"c\n"});
    run.checkpoint(1);
  }
  EXPECT_EQ(files_of(options_), (std::vector<std::string>{"a\n", "b\n", "c\n"}));
  options_.append = false;
  CommittingRun run(options_, {});
  EXPECT_EQ(files_of(options_), std::vector<std::string>{""});
  EXPECT_TRUE(fs::exists(options_.path + ".old"));
}

TEST_F(ACommittingFileSink, FinishedFilesOfASequenceMayBeTakenAway) {
  options_.roll_bytes = 3;
  CommittingRun run(options_, {});
  run.write({"a\n", "b\n", "c\n"});
  run.writer->barrier(1);
  const std::string vote = run.prepare(1);
  run.commit(1);
  fs::remove(options_.path + ".000001");
  CommittingRun after(options_, {1, vote});
  EXPECT_FALSE(fs::exists(options_.path + ".000001"));
  EXPECT_EQ(content(options_.path + ".000003"), "c\n");
}

TEST_F(ACommittingFileSink, AFinishedFileThatWasTakenAwayIsNotMadeAgainByACommitInDoubt) {
  if (!failpoints_enabled) {
    GTEST_SKIP() << "needs a build with WALLAROO_FAILPOINTS";
  }
  options_.roll_bytes = 3;
  auto run = std::make_unique<CommittingRun<>>(options_, SinkRecovery{});
  run->write({"a\n", "b\n"});
  run->writer->barrier(1);
  const std::string vote = run->prepare(1);
  {
    const ScopedFailpoints failing({.rules = "sink.file.remove.before=error:EIO"});
    run->commit(1);
  }
  ASSERT_EQ(run->answers.refusals.size(), 1U);
  ASSERT_EQ(part_files(options_.path), 1U);
  fs::remove(options_.path + ".000001");
  run.reset();  // its process has ended
  CommittingRun after(options_, {1, vote});
  EXPECT_FALSE(fs::exists(options_.path + ".000001"));
  EXPECT_EQ(content(options_.path + ".000002"), "b\n");
  EXPECT_EQ(part_files(options_.path), 0U);
}

TEST_F(ACommittingFileSink, AFinalFileThatWasShortenedOrRemovedIsAnErrorWithAdvice) {
  std::string vote;
  {
    CommittingRun run(options_, {});
    run.write({"0123456789\n"});
    vote = run.checkpoint(1);
  }
  fs::resize_file(options_.path, 4);
  const std::string shortened = error_of_start(options_, {1, vote});
  EXPECT_EQ(shortened, "sink 'totals': '" + options_.path +
                           "' is missing or was shortened: 11 bytes were committed to it and 4 are "
                           "there; put the file back as it was, or start anew with another "
                           "directory for checkpoints");
  fs::remove(options_.path);
  EXPECT_NE(error_of_start(options_, {1, vote}).find("11 bytes were committed to it and 0 are"),
            std::string::npos);
  const std::string moved = error_of_start({.path = directory_ / "elsewhere"}, {1, vote});
  EXPECT_NE(moved.find("while the sink wrote to '" + options_.path + "'"), std::string::npos)
      << moved;
}

TEST_F(ACommittingFileSink, OptionsThatDoNotFitTheCheckpointAreErrors) {
  CommittingRun run(options_, {});
  const std::string vote = run.checkpoint(1);
  EXPECT_NE(error_of_start({.path = options_.path, .roll_bytes = 5}, {1, vote})
                .find("while its files were not rolled"),
            std::string::npos);
  EXPECT_NE(error_of_start({.path = "/dev/null"}, {1, vote}).find("nothing can be taken back"),
            std::string::npos);
  EXPECT_NE(error_of_start({.path = "/dev/null", .roll_bytes = 5}, {}).find("not a regular file"),
            std::string::npos);
  EXPECT_NE(error_of_start(options_, {1, "nonsense"}).find("cannot be read"), std::string::npos);
}

TEST_F(ACommittingFileSink, WhatIsNoRegularFileGetsRecordsAtOnceAndVotesWithNothing) {
  CommittingRun run({.path = "/dev/null"}, {});
  run.write({"a\n"});
  EXPECT_EQ(run.checkpoint(1), "");
  EXPECT_TRUE(run.answers.has_committed(1));
  EXPECT_EQ(run.metrics.records.value(), 1U);
}

TEST_F(ACommittingFileSink, EveryBeginningOfAVoteIsRefused) {
  const FileTransaction transaction{
      "out", {{".out.uncommitted.1", 1, 2, 3, 4}, {"b", 5, 6, 7, 8}}, {9, 10, -11}};
  const std::string vote = encode(transaction);
  EXPECT_EQ(decode_file_transaction(vote), transaction);
  for (std::size_t size = 0; size < vote.size(); ++size) {
    EXPECT_THROW(decode_file_transaction(std::string_view(vote).substr(0, size)), IoError) << size;
  }
  EXPECT_THROW(decode_file_transaction(vote + "x"), IoError);
}

TEST_F(ACommittingFileSink, ADiskThatFailsInEitherPhaseMakesTheApplicationGoBack) {
  if (!failpoints_enabled) {
    GTEST_SKIP() << "needs a build with WALLAROO_FAILPOINTS";
  }
  auto run = std::make_unique<CommittingRun<>>(options_, SinkRecovery{});
  run->write({"a\n"});
  run->writer->barrier(1);
  {
    const ScopedFailpoints failing({.rules = "sink.file.fsync.before=error:EIO"});
    run->prepare(1);
    EXPECT_TRUE(run->answers.votes[1].empty());
  }
  ASSERT_EQ(run->answers.refusals.size(), 1U);
  EXPECT_NE(run->answers.refusals[0].find("sink 'totals': cannot make durable '"),
            std::string::npos);
  EXPECT_NE(run->answers.refusals[0].find("check the disk"), std::string::npos);

  run.reset();  // as the application does before it goes back
  auto again = std::make_unique<CommittingRun<>>(options_, SinkRecovery{});
  again->write({"a\n"});
  again->writer->barrier(2);
  const std::string vote = again->prepare(2);
  {
    const ScopedFailpoints failing({.rules = "sink.file.copy.before=error:ENOSPC"});
    again->commit(2);
  }
  EXPECT_EQ(again->answers.refusals.at(0), "sink 'totals': cannot append to '" + options_.path +
                                               "': no space left on device; free some space");
  EXPECT_EQ(content(options_.path), "");
  again.reset();
  CommittingRun last(options_, {2, vote});
  EXPECT_EQ(content(options_.path), "a\n");
}

TEST_F(ACommittingFileSink, AFullDiskWhileRecordsComeStopsTheApplication) {
  if (!failpoints_enabled) {
    GTEST_SKIP() << "needs a build with WALLAROO_FAILPOINTS";
  }
  CommittingRun run(options_, {});
  const ScopedFailpoints failing({.rules = "sink.file.write.before=error:ENOSPC"});
  run.write({"a\n"});
  EXPECT_THROW(run.writer->flush(), IoError);
  EXPECT_THROW(run.write({"b\n"}), IoError);
}

}  // namespace
}  // namespace wallaroo::internal
