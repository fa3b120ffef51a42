#include "sink/file/file_sink.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "sink/file/file.rig.hpp"

namespace wallaroo::internal {
namespace {

namespace fs = std::filesystem;

using AFileSink = FileSinkTest;

TEST_F(AFileSink, WritesEveryRecordInOrder) {
  const std::string path = directory_ / "out";
  open({.path = path});
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::string record = fmt::format("record {}\n", i);
    write({record});
    expected += record;
  }
  writer_->finish();
  EXPECT_TRUE(writer_->finished());
  EXPECT_TRUE(content(path) == expected);
  EXPECT_EQ(world_.metrics.records.value(), 20'000U);
  EXPECT_EQ(world_.metrics.bytes.value(), expected.size());
  EXPECT_EQ(world_.metrics.connected.value(), 0);
}

TEST_F(AFileSink, SmallBatchesWaitForFlush) {
  const std::string path = directory_ / "out";
  open({.path = path});
  write({"one\n"});
  EXPECT_EQ(content(path), "");
  writer_->flush();
  EXPECT_EQ(content(path), "one\n");
  EXPECT_EQ(world_.metrics.connected.value(), 1);
}

TEST_F(AFileSink, EmptiesTheFileUnlessItAppends) {
  const std::string path = directory_ / "out";
  for (const auto& [append, expected] : {std::pair(false, "x"), {true, "xx"}, {false, "x"}}) {
    open({.path = path, .append = append});
    write({"x"});
    writer_->finish();
    EXPECT_EQ(content(path), expected);
  }
}

TEST(AFileOfARunningSink, IsNotEmptiedByAnotherThatOpensIt) {
  const Directory directory;
  const std::string path = directory / "out";
  std::ofstream(path) << "old\n";
  const auto refusal = [&](bool append, bool commits) -> std::string {
    try {
      FileSink another("another", {.path = path, .append = append});
      if (commits) {
        another.recover({});
      }
      another.open();
    } catch (const IoError& error) {
      return error.what();
    }
    return "";
  };
  {
    FileSink first("first", {.path = path, .append = true});
    first.open();
    const std::string said = refusal(false, false);
    EXPECT_EQ(said, "sink 'another': another process writes to '" + path +
                        "'; stop it first, or write elsewhere");
    EXPECT_NE(refusal(true, true), "");
    EXPECT_EQ(refusal(true, false), "") << "those that append get on with each other";
    EXPECT_EQ(content(path), "old\n");
  }
  {
    FileSink committing("committing", {.path = path, .append = true});
    committing.recover({});
    committing.open();
    EXPECT_NE(refusal(true, false), "");
    EXPECT_NE(refusal(true, true), "");
    EXPECT_EQ(content(path), "old\n");
  }
  EXPECT_EQ(refusal(false, true), "");
}

TEST_F(AFileSink, FinishWithoutRecordsLeavesAnEmptyFile) {
  const std::string path = directory_ / "out";
  open({.path = path});
  writer_->finish();
  EXPECT_TRUE(writer_->finished());
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(AFileSink, WhatCannotBeOpenedIsAnErrorWithAdvice) {
  const std::string file = directory_ / "file";
  std::ofstream(file) << "content";
  const std::string fifo = directory_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {directory_ / ".", "give the path of a file"},
      {directory_ / "missing/out", "create its directory first"},
      {file + "/out", "must be a directory"},
      {fifo, "start its reader first"},
  };
  for (const auto& [path, advice] : cases) {
    const std::string error = error_of_open(path);
    EXPECT_TRUE(error.starts_with("sink 'totals': cannot open '" + path + "': ")) << error;
    EXPECT_NE(error.find(advice), std::string::npos) << error;
  }
  EXPECT_EQ(content(file), "content");
}

TEST_F(AFileSink, AFileThatMayNotBeWrittenIsAnErrorWithAdvice) {
  const std::string path = directory_ / "out";
  std::ofstream(path) << "content";
  ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
  std::string error;
  {
    const Unprivileged user;
    error = error_of_open(path);
  }
  EXPECT_NE(error.find("'" + path + "': permission denied; check the permissions"),
            std::string::npos)
      << error;
  EXPECT_EQ(content(path), "content");
}

TEST_F(AFileSink, AnEmptyPathIsAConfigurationError) {
  FileSink sink("totals", {.path = ""});
  EXPECT_THROW(sink.open(), ConfigError);
}

TEST_F(AFileSink, AnAddressReplacesThePath) {
  FileSink sink("totals", {.path = "/never/used"});
  sink.set_address("/dev/null");
  sink.open();
  EXPECT_EQ(sink.address(), "/dev/null");
}

TEST_F(AFileSink, AFullDiskIsAnErrorThatNamesTheFileAndCountsWhatIsLost) {
  open({.path = "/dev/full"});
  write({"one\n", "two\n"});
  const std::string error = error_of([&] { writer_->flush(); });
  EXPECT_EQ(error,
            "sink 'totals': cannot write to '/dev/full': no space left on device; free some space "
            "or write to another file system; 2 records were not written");
  EXPECT_TRUE(writer_->can_accept());
  EXPECT_EQ(error_of([&] { write({"three\n"}); }), error);
  EXPECT_EQ(error_of([&] { writer_->finish(); }), "no error") << "it was reported before";
  EXPECT_TRUE(writer_->finished());
  EXPECT_EQ(world_.metrics.records_lost.value(), 2U);
  EXPECT_EQ(world_.metrics.connected.value(), 0);
}

TEST_F(AFileSink, AFullDiskMetOnlyByFinishIsAnError) {
  open({.path = "/dev/full"});
  write({"one\n"});
  EXPECT_NE(error_of([&] { writer_->finish(); }).find("no space left"), std::string::npos);
  EXPECT_TRUE(writer_->finished());
  EXPECT_EQ(world_.metrics.records_lost.value(), 1U);
}

TEST_F(AFileSink, ClosedStandardOutputIsAnErrorAtStart) {
  const StandardOutput closed(-1);
  const std::string error = error_of_open("-");
  EXPECT_TRUE(error.starts_with("sink 'totals': standard output was closed")) << error;
}

TEST_F(AFileSink, StandardOutputMayBeARegularFile) {
  const std::string path = directory_ / "out";
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const StandardOutput redirected(file.get());
  open({.path = "-"});
  write({"one\n"});
  writer_->finish();
  EXPECT_EQ(content(path), "one\n");
  EXPECT_EQ(::write(STDOUT_FILENO, "two\n", 4), 4) << "standard output itself stays open";
  EXPECT_EQ(content(path), "one\ntwo\n");
}

}  // namespace
}  // namespace wallaroo::internal
