// A file sink that goes on from a checkpoint, while its file may have been moved or exchanged.
#include "sink/file/file_proof.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "sink/file/file_commit.rig.hpp"

namespace wallaroo::internal {
namespace {

namespace fs = std::filesystem;

class AnOutputThatMoved : public testing::Test {
 protected:
  /// Commits much more than a proof looks at. Returns the vote.
  std::string commit_much(const FileSinkOptions& options) {
    CommittingRun run(options, {});
    std::string vote;
    for (std::uint64_t number = 1; number <= 20; ++number) {
      run.write({std::string(10'000, static_cast<char>('a' + number)) + "\n"});
      vote = run.checkpoint(number);
    }
    return vote;
  }
  /// Returns a vote that was never committed.
  std::string prepare_only(const FileSinkOptions& options, const std::string& record) {
    CommittingRun run(options, {});
    run.write({record});
    run.writer->barrier(1);
    return run.prepare(1);
  }
  std::string refusal(const FileSinkOptions& options, const std::string& vote) {
    try {
      FileSink sink("totals", options);
      sink.recover({1, vote});
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no refusal";
  }
  void goes_on(const FileSinkOptions& options, const std::string& vote) {
    const std::string before = visible(options);
    CommittingRun run(options, {1, vote});
    run.write({"more\n"});
    run.checkpoint(30);
    EXPECT_EQ(visible(options), before + "more\n");
  }

  Directory directory_;
  FileSinkOptions options_{.path = directory_ / "out"};
  FileSinkOptions other_{.path = directory_ / "other"};
};

TEST_F(AnOutputThatMoved, WithItsContentIsGoneOnWithHoweverItIsSpelled) {
  std::string vote = commit_much(options_);
  goes_on({.path = directory_ / "./out"}, vote);
  vote = commit_much(options_);
  fs::rename(options_.path, other_.path);
  goes_on(other_, vote);
}

TEST_F(AnOutputThatMoved, MayBeACopy) {
  const std::string vote = commit_much(options_);
  fs::copy_file(options_.path, other_.path);
  goes_on(other_, vote);
}

TEST_F(AnOutputThatMoved, ToAFileOfSomebodyElseIsRefusedAndNothingIsTouched) {
  const std::string vote = commit_much(options_);
  const std::string foreign(500'000, 'x');
  std::ofstream(other_.path) << foreign;
  const std::string said = refusal(other_, vote);
  EXPECT_EQ(said.find("sink 'totals': the checkpoint was taken while it wrote to '" +
                      options_.path + "', and '" + other_.path + "' is not that file: "),
            0U)
      << said;
  EXPECT_EQ(content(other_.path), foreign);
  goes_on(options_, vote);
}

TEST_F(AnOutputThatMoved, ToAFileThatOnlyBeginsAlikeIsRefused) {
  const std::string vote = commit_much(options_);
  std::ofstream(other_.path) << content(options_.path).substr(0, 100'000)
                             << std::string(500'000, 'x');
  EXPECT_NE(refusal(other_, vote).find("it has something else before byte 200020"),
            std::string::npos)
      << refusal(other_, vote);
}

TEST_F(AnOutputThatMoved, IsRefusedToAFileOfSomebodyElseAlsoWhenNothingWasCommittedYet) {
  const std::string vote = prepare_only(options_, "record\n");
  std::ofstream(other_.path) << "of somebody else, and longer than the record\n";
  EXPECT_NE(refusal(other_, vote).find("something else was written to it"), std::string::npos)
      << refusal(other_, vote);
  // A path without a file is as good as the file that was voted on, which was empty.
  CommittingRun run({.path = directory_ / "third"}, {1, vote});
  EXPECT_EQ(content(directory_ / "third"), "record\n");
  EXPECT_EQ(part_files(options_.path), 0U);
}

TEST_F(AnOutputThatMoved, IsRefusedWhereItWasWhenSomebodyHasWrittenItAnew) {
  const std::string vote = commit_much(options_);
  fs::remove(options_.path);
  std::ofstream(options_.path) << std::string(500'000, 'x');
  EXPECT_NE(refusal(options_, vote).find("is not what was committed to it: it begins with"),
            std::string::npos)
      << refusal(options_, vote);
}

TEST_F(AnOutputThatMoved, ASequenceIsKnownByItsLastFile) {
  options_.roll_bytes = 50'000;
  other_.roll_bytes = options_.roll_bytes;
  const std::string vote = commit_much(options_);
  const std::vector<std::string> files = files_of(options_);
  ASSERT_GT(files.size(), 3U);
  for (std::size_t i = 1; i <= files.size(); ++i) {
    std::ofstream(file_of(other_.path, i)) << std::string(60'000, 'x');
  }
  EXPECT_NE(refusal(other_, vote).find("is not that file"), std::string::npos);
  for (std::size_t i = 1; i <= files.size(); ++i) {
    fs::rename(file_of(options_.path, i), file_of(other_.path, i));
  }
  goes_on(other_, vote);
}

TEST_F(AnOutputThatMoved, IsRefusedWhenAnOlderVersionWroteTheCheckpointWhichTellsNothingOfIt) {
  FileTransaction voted = decode_file_transaction(commit_much(options_));
  voted.proof.reset();
  const std::string vote = encode(voted);
  ASSERT_EQ(vote[0], 1);
  fs::copy_file(options_.path, other_.path);
  EXPECT_NE(refusal(other_, vote).find("an older version wrote the checkpoint"), std::string::npos);
  goes_on({.path = directory_ / "./out"}, vote);
}

TEST_F(AnOutputThatMoved, AFileInThePlaceOfAStreamMustBeEmpty) {
  std::ofstream(options_.path) << "of somebody else\n";
  EXPECT_NE(refusal(options_, "").find("is not empty, and the sink did not write to a file"),
            std::string::npos);
  EXPECT_EQ(content(options_.path), "of somebody else\n");
  fs::resize_file(options_.path, 0);
  goes_on(options_, "");
}

}  // namespace
}  // namespace wallaroo::internal
