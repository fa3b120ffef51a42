// A file source goes back to a position, although its files may have changed.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wallaroo/types/error.hpp>

#include "source/file/file.rig.hpp"
#include "source/file/file_position.hpp"
#include "source/framing_cases.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace testing_support;
using Records = std::vector<std::string>;
using Positions = std::vector<SourcePosition>;
namespace fs = std::filesystem;

RC_GTEST_PROP(AFileSourceThatIsRestored, ReadsExactlyTheRestWhateverTheFraming, ()) {
  const Folder folder;
  std::mt19937_64 random(*rc::gen::arbitrary<std::uint64_t>());
  const auto framings = framing_cases::all_framings();
  const Framing framing = framings[*rc::gen::inRange<std::size_t>(0, framings.size())];
  FileSourceOptions options{.framing = framing};
  Records pass;
  for (int f = *rc::gen::inRange(1, 4); f > 0; --f) {
    framing_cases::Stream all;
    for (int i = *rc::gen::inRange(0, 300); i > 0; --i) {
      const auto stream = framing_cases::random_stream(framing, random);
      all.bytes += stream.bytes;
      all.records.insert(all.records.end(), stream.records.begin(), stream.records.end());
    }
    options.paths.push_back(folder.file(std::to_string(f), all.bytes));
    pass.insert(pass.end(), all.records.begin(), all.records.end());
  }
  options.repeat = *rc::gen::inRange<std::uint64_t>(1, 4);
  Records expected;
  for (std::uint64_t i = 0; i < options.repeat; ++i) {
    expected.insert(expected.end(), pass.begin(), pass.end());
  }

  Records got;
  std::optional<Positions> positions;
  for (int runs = *rc::gen::inRange(0, 5); runs > 0; --runs) {
    FileRun run(options, positions, *rc::gen::inRange(1, 4));
    run.batches(*rc::gen::inRange<std::size_t>(1, 4));
    if (*rc::gen::arbitrary<bool>()) {
      run.reader().stop();  // a draining application saves once everything was delivered
      run.to_end();
    }
    positions = run.reader().save(1);
    const Records some = run.rig.records();
    got.insert(got.end(), some.begin(), some.end());
    run.rig.step();  // records after the position are read again
  }
  FileRun last(options, positions);
  const Records rest = last.to_end();
  got.insert(got.end(), rest.begin(), rest.end());
  RC_ASSERT(got == expected);
  RC_ASSERT(FileRun(options, last.reader().save(2)).to_end().empty());
}

class AFileSourceRestored : public testing::Test {
 protected:
  /// Reads a part of the file, which must be long enough, and returns the position within.
  Positions position_in(const FileSourceOptions& options) {
    FileRun run(options);
    run.batches(1);
    read_ = static_cast<int>(run.rig.records().size());
    return run.reader().save(1);
  }
  std::string error_of(const FileSourceOptions& options, const Positions& positions) {
    try {
      FileRun run(options, positions);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  Folder folder_;
  int read_ = 0;
};

constexpr int many = 5'000;

TEST_F(AFileSourceRestored, FollowsAFileThatWasRenamedAndThenReadsTheOneThatHasItsName) {
  const std::string path = folder_.file("log", lines(0, many));
  const Positions positions = position_in({.paths = {path}});
  ASSERT_LT(read_, many);
  fs::rename(path, path + ".1");
  folder_.file("log", lines(many, 100));
  FileRun run({.paths = {path}}, positions);
  EXPECT_EQ(run.to_end(), numbers(read_, many - read_ + 100));

  // Once more, from within the renamed one.
  FileRun within({.paths = {path}}, positions);
  within.batches(1);
  const auto more = static_cast<int>(within.rig.records().size());
  FileRun rest({.paths = {path}}, within.reader().save(2));
  EXPECT_EQ(rest.to_end(), numbers(read_ + more, many - read_ - more + 100));
}

TEST_F(AFileSourceRestored, TakesACopyAndWhatWasAppendedForTheFile) {
  const std::string path = folder_.file("log", lines(0, many));
  const Positions positions = position_in({.paths = {path}});
  fs::copy_file(path, path + ".copy");
  fs::remove(path);
  fs::rename(path + ".copy", path);
  std::ofstream(path, std::ios::app) << lines(many, 10);
  FileRun run({.paths = {path}}, positions);
  EXPECT_EQ(run.to_end(), numbers(read_, many - read_ + 10));
}

TEST_F(AFileSourceRestored, RefusesAFileWithOtherContent) {
  const std::string path = folder_.file("log", lines(0, many));
  const Positions positions = position_in({.paths = {path}});
  folder_.file("log", lines(1, many));  // the same inode
  const std::string rewritten = error_of({.paths = {path}}, positions);
  EXPECT_EQ(rewritten.find("source 'lines': the checkpoint was taken at byte "), 0U) << rewritten;
  EXPECT_NE(rewritten.find(path + " (behind record " + std::to_string(read_) + ")"),
            std::string::npos)
      << rewritten;
  EXPECT_NE(rewritten.find("it begins with something else now"), std::string::npos) << rewritten;
  EXPECT_NE(rewritten.find("put the file back"), std::string::npos) << rewritten;
  folder_.file("log", "0\n");
  EXPECT_NE(error_of({.paths = {path}}, positions).find("it has only 2 bytes now"),
            std::string::npos);
}

TEST_F(AFileSourceRestored, RefusesOtherPathsButNotMoreOfThem) {
  const std::string one = folder_.file("1", lines(0, many));
  const std::string two = folder_.file("2", lines(many, 5));
  const Positions positions = position_in({.paths = {one}});
  EXPECT_NE(error_of({.paths = {two}}, positions).find("these are other paths: " + two),
            std::string::npos);
  EXPECT_EQ(FileRun({.paths = {one, two}}, positions).to_end(), numbers(read_, many - read_ + 5));
}

TEST_F(AFileSourceRestored, NoticesEveryDamagedPositionOfAnotherLength) {
  const Positions positions = position_in({.paths = {folder_.file("1", lines(0, many))}});
  const std::string& bytes = positions.at(0).bytes;
  const FilePosition position = decode_file_position(bytes);
  EXPECT_EQ(encode(position), bytes);
  EXPECT_EQ(position.records, static_cast<std::uint64_t>(read_));
  for (std::size_t size = 0; size < bytes.size() - position.path.size(); ++size) {
    EXPECT_THROW(decode_file_position(std::string_view(bytes).substr(0, size)), IoError) << size;
  }
}

TEST_F(AFileSourceRestored, WhatAPipeGaveIsNotAskedForAgainAndAWarningSaysSo) {
  const std::string file = folder_.file("1", "a\n");
  const std::string pipe = folder_.path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const FileDescriptor keep_open(::open(pipe.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::write(keep_open.get(), "b\n", 2), 2);
  FileRun alone({.paths = {pipe}});
  alone.rig.run_until_received(1);
  EXPECT_TRUE(alone.reader().save(1).empty());

  ASSERT_EQ(::write(keep_open.get(), "c\n", 2), 2);
  FileRun behind({.paths = {file, pipe}});
  behind.rig.run_until_received(2);
  ASSERT_EQ(::write(keep_open.get(), "d\n", 2), 2);
  FileRun restored({.paths = {file, pipe}}, behind.reader().save(1));
  restored.rig.run_until_received(1);
  EXPECT_EQ(restored.rig.records(), Records{"d"});
  EXPECT_EQ(restored.rig.count_logged("cannot be read again"), 1U);
}

}  // namespace
}  // namespace wallaroo::internal
