// A file source goes on after log rotation.
#include "source/file/file_rotation.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wallaroo/types/error.hpp>

#include "source/file/file.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace testing_support;
using Records = std::vector<std::string>;
using Positions = std::vector<SourcePosition>;

std::string ticks(int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes += "tick\n";
  }
  return bytes;
}

class ARotatedFile : public testing::Test {
 protected:
  static constexpr int many = 60'000;

  /// Reads a part of the log, which must be long enough. Returns a position within, behind the
  /// sample of its beginning.
  Positions position_in_log() {
    FileRun run({.paths = {log_}});
    while (run.rig.total_received() < 20'000) {
      run.batches(1);
    }
    read_ = static_cast<int>(run.rig.total_received());
    EXPECT_LT(read_, many);
    return run.reader().save(1);
  }
  Records rest(const Positions& positions) {
    return FileRun({.paths = {log_}}, positions).to_end();
  }
  std::string refusal(const Positions& positions) {
    try {
      FileRun run({.paths = {log_}}, positions);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  /// Copies and truncates the log, as logrotate does with copytruncate.
  void copy_and_truncate(const std::string& copy, std::string_view then) const {
    fs::copy_file(log_, copy);
    ASSERT_EQ(::truncate(log_.c_str(), 0), 0);
    std::ofstream(log_, std::ios::app) << then;
  }

  Folder folder_;
  std::string log_ = folder_.path("log");
  int read_ = 0;
};

TEST_F(ARotatedFile, IsReadToItsEndAlthoughItsSuccessorBeginsWithTheSameBytes) {
  folder_.file("log", ticks(many));
  const Positions positions = position_in_log();
  fs::rename(log_, log_ + ".1");
  folder_.file("log", ticks(many + 10));
  EXPECT_EQ(rest(positions).size(), static_cast<std::size_t>(many - read_ + many + 10));
}

TEST_F(ARotatedFile, IsFollowedByAllThatCameAfterItInOrder) {
  folder_.file("log", lines(0, many));
  const Positions positions = position_in_log();
  fs::rename(log_, log_ + ".2");
  folder_.file("log.1", lines(many, 10));
  folder_.file("log", lines(many + 10, 10));
  folder_.file("log.3.gz", "older, and not read");
  EXPECT_EQ(rest(positions), numbers(read_, many - read_ + 20));
}

TEST_F(ARotatedFile, MayHaveADateInItsName) {
  folder_.file("log", lines(0, many));
  const Positions positions = position_in_log();
  fs::rename(log_, log_ + "-20260130");
  folder_.file("log-20260129", "older\n");
  folder_.file("log-20260131", lines(many, 10));
  folder_.file("log-20260201", lines(many + 10, 10));
  folder_.file("log", lines(many + 20, 10));
  EXPECT_EQ(rest(positions), numbers(read_, many - read_ + 30));
}

TEST_F(ARotatedFile, MayHaveItsNumberBeforeTheExtension) {
  log_ = folder_.file("app.log", lines(0, many));
  const Positions positions = position_in_log();
  fs::rename(log_, folder_.path("app.2.log"));
  folder_.file("app.1.log", lines(many, 10));
  folder_.file("app.log", lines(many + 10, 10));
  EXPECT_EQ(rest(positions), numbers(read_, many - read_ + 20));
}

TEST_F(ARotatedFile, WhatCameAfterItAndCannotBeReadIsARefusalAndNotAGap) {
  folder_.file("log", lines(0, many));
  const Positions positions = position_in_log();
  fs::rename(log_, log_ + ".2");
  folder_.file("log", lines(many, 10));
  EXPECT_NE(refusal(positions).find("the file with the number 1, which follows it, is missing"),
            std::string::npos)
      << refusal(positions);
  folder_.file("log.1.gz", "compressed");
  EXPECT_NE(refusal(positions).find("log.1.gz, which follows it, is compressed"), std::string::npos)
      << refusal(positions);
}

TEST_F(ARotatedFile, IsFoundAgainFromWithinAFileThatCameAfterIt) {
  folder_.file("log", lines(0, 100));
  FileRun first({.paths = {log_}});
  first.batches(1);
  const Positions positions = first.reader().save(1);
  fs::rename(log_, log_ + ".2");
  folder_.file("log.1", lines(100, many));
  folder_.file("log", lines(100 + many, 10));
  FileRun second({.paths = {log_}}, positions);
  second.batches(3);
  const auto read = static_cast<int>(second.rig.total_received());
  ASSERT_GT(read, 0);
  ASSERT_LT(read, many);
  const Positions within = second.reader().save(2);
  fs::rename(log_ + ".1", log_ + ".3");
  fs::rename(log_, log_ + ".2");
  folder_.file("log.1", lines(110 + many, 10));
  folder_.file("log", lines(120 + many, 10));
  EXPECT_EQ(rest(within), numbers(100 + read, many - read + 30));
}

TEST_F(ARotatedFile, ThatWasCopiedAndTruncatedIsReadToTheEndOfItsCopyFirst) {
  folder_.file("log", lines(0, many));
  const Positions positions = position_in_log();
  copy_and_truncate(log_ + ".1", lines(many, 10));
  EXPECT_EQ(rest(positions), numbers(read_, many - read_ + 10));
}

TEST_F(ARotatedFile, ThatWasTruncatedAndHasGrownBeyondThePositionIsNoticedByWhatIsBeforeIt) {
  const std::string head = ticks(20'000);  // longer than the sample of the beginning
  folder_.file("log", head + lines(0, many));
  const Positions positions = position_in_log();
  copy_and_truncate(log_ + ".1", head + lines(many, 2 * many));
  EXPECT_EQ(rest(positions).size(),
            static_cast<std::size_t>(20'000 + many - read_ + 20'000 + 2 * many));
  fs::remove(log_ + ".1");
  EXPECT_NE(refusal(positions).find("it has something else before that byte now"),
            std::string::npos)
      << refusal(positions);
}

TEST_F(ARotatedFile, WhoseInodeWasUsedAgainIsNotTakenForIt) {
  folder_.file("log", lines(0, many));
  const Positions positions = position_in_log();
  struct stat before {};
  ASSERT_EQ(::stat(log_.c_str(), &before), 0);
  folder_.file("log", lines(1, many));  // written anew in the same inode, as if it had been reused
  struct stat after {};
  ASSERT_EQ(::stat(log_.c_str(), &after), 0);
  ASSERT_EQ(before.st_ino, after.st_ino);
  EXPECT_NE(refusal(positions).find("it begins with something else now"), std::string::npos);
}

TEST_F(ARotatedFile, ThatWasRemovedIsNotReplacedByAnotherFileOfTheFolderWithTheSameBytes) {
  folder_.file("log", lines(0, many));
  const Positions positions = position_in_log();
  fs::copy_file(log_, folder_.path("another"));
  folder_.file("log", "new\n");
  EXPECT_NE(refusal(positions).find("it has only 4 bytes now"), std::string::npos);
}

TEST_F(ARotatedFile, IsReadOnceWhenAPatternFindsItUnderBothNames) {
  folder_.file("log", lines(0, many));
  FileRun run({.paths = {folder_.path("log*")}});
  run.batches(3);
  const auto read = static_cast<int>(run.rig.total_received());
  ASSERT_LT(read, many);
  const Positions positions = run.reader().save(1);
  fs::rename(log_, log_ + "-20260130");
  folder_.file("log", lines(many, 10));
  FileRun again({.paths = {folder_.path("log*")}}, positions);
  EXPECT_EQ(again.to_end(), numbers(read, many - read + 10));
}

TEST_F(ARotatedFile, PositionsOfOlderVersionsAreReadAsWell) {
  folder_.file("log", lines(0, many));
  const Positions positions = position_in_log();
  FilePosition position = decode_file_position(positions.at(0).bytes);
  std::string bytes = positions.at(0).bytes;
  ASSERT_EQ(bytes[0], 2);
  bytes[0] = 1;
  bytes.erase(2 + 8 * 8, 2 * 8);
  position.identity.tail_bytes = 0;
  position.identity.tail_hash = 0;
  EXPECT_EQ(decode_file_position(bytes), position);
  EXPECT_EQ(rest({{"0", bytes}}), numbers(read_, many - read_));
}

}  // namespace
}  // namespace wallaroo::internal
