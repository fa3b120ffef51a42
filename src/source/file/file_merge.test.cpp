// Reads files side by side, in the order of their event times.
#include "source/file/file_merge.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
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

/// Lines of equal length, with every `step`th number.
std::string times(int first, int count, int step) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes += fmt::format("{:08}\n", first + i * step);
  }
  return bytes;
}

std::size_t open_descriptors() {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

class MergedFiles : public testing::Test {
 protected:
  struct Run : FileRun {
    explicit Run(const FileSourceOptions& options,
                 const std::optional<Positions>& restored = std::nullopt)
        : FileRun(options, restored, 1, true) {
      rig.receiver().keeps_times = true;
    }
  };
  /// The most that a record was behind one before it.
  static std::int64_t disorder(const Records& records) {
    std::int64_t greatest = 0;
    std::int64_t behind = 0;
    for (const std::string& record : records) {
      greatest = std::max<std::int64_t>(greatest, std::stoll(record));
      behind = std::max<std::int64_t>(behind, greatest - std::stoll(record));
    }
    return behind;
  }
  static Records sorted(Records records) {
    std::sort(records.begin(), records.end());
    return records;
  }

  Folder folder_;
};

TEST_F(MergedFiles, AreReadSoThatNoneIsFarAheadOfAnother) {
  const int count = 300'000;
  FileSourceOptions options{.paths = {folder_.file("a", times(0, count, 3)),
                                      folder_.file("b", times(1, count, 3)),
                                      folder_.file("c", times(2, count, 3))}};
  Run run(options);
  const Records records = run.to_end();
  ASSERT_EQ(records.size(), 3U * count);
  // A block has at most 256 KiB, which are 29,128 lines; their times are 3 apart.
  EXPECT_LT(disorder(records), 3 * 30'000 * 2);
  const Records all = sorted(records);
  EXPECT_EQ(all.front(), "00000000");
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
  EXPECT_EQ(run.rig.records_from(options.paths[0]).size(), static_cast<std::size_t>(count));
  EXPECT_TRUE(run.rig.receiver().open.empty());
}

TEST_F(MergedFiles, OneThatBeginsLaterWaitsForTheOthers) {
  const std::string early = folder_.file("b", times(0, 50'000, 1));
  const std::string late = folder_.file("a", times(50'000, 50'000, 1));
  Run run({.paths = {late, early}});
  const Records records = run.to_end();
  ASSERT_EQ(records.size(), 100'000U);
  // The first block of the late file is read to find out that it is late.
  const auto end_of_early = std::find(records.begin(), records.end(), "00049999");
  EXPECT_LT(static_cast<std::size_t>(end_of_early - records.begin()), 50'000U + 30'000U);
}

TEST_F(MergedFiles, AreNotMergedWhenTheyAreToBeReadInOrder) {
  Run run({.paths = {folder_.file("b", times(10, 5, 1)), folder_.file("a", times(0, 5, 1))},
           .in_order = true});
  EXPECT_EQ(run.to_end(), (Records{"00000010", "00000011", "00000012", "00000013", "00000014",
                                   "00000000", "00000001", "00000002", "00000003", "00000004"}));
}

TEST_F(MergedFiles, GoOnEachWhereItWas) {
  const FileSourceOptions options{
      .paths = {folder_.file("a", times(0, 100'000, 2)), folder_.file("b", times(1, 100'000, 2)),
                folder_.file("short", times(0, 10, 2)), folder_.file("empty", "")}};
  Records all;
  std::optional<Positions> positions;
  for (int runs = 0; runs < 100; ++runs) {
    Run run(options, positions);
    run.batches(static_cast<std::size_t>(1 + runs % 7));
    if (runs % 3 == 0) {
      run.reader().stop();
      run.to_end();
    }
    positions = run.reader().save(1);
    const Records some = run.rig.records();
    all.insert(all.end(), some.begin(), some.end());
    run.rig.step();  // records after the position are read again
  }
  Run last(options, positions);
  const Records rest = last.to_end();
  all.insert(all.end(), rest.begin(), rest.end());
  Records expected;
  for (const std::string& path : options.paths) {
    Run alone({.paths = {path}});
    const Records some = alone.to_end();
    expected.insert(expected.end(), some.begin(), some.end());
  }
  EXPECT_EQ(sorted(all), sorted(expected));
  Run ended(options, last.reader().save(1));
  EXPECT_TRUE(ended.reader().finished());
}

TEST_F(MergedFiles, AreFollowedThroughRotationAndAPatternReadsNoneTwice) {
  folder_.file("a", times(0, 100'000, 2));
  folder_.file("b", times(1, 100'000, 2));
  folder_.file("done", times(0, 1, 1));
  const FileSourceOptions options{.paths = {folder_.path("*")}};
  Run run(options);
  run.batches(70);
  Records all = run.rig.records();
  ASSERT_LT(all.size(), 200'000U);
  const Positions positions = run.reader().save(1);
  fs::rename(folder_.path("a"), folder_.path("a.2"));
  folder_.file("a.1", times(200'000, 10, 2));
  folder_.file("a", times(200'020, 10, 2));
  fs::rename(folder_.path("done"), folder_.path("done.1"));
  folder_.file("new", times(300'000, 10, 1));
  Run again(options, positions);
  const Records rest = again.to_end();
  all.insert(all.end(), rest.begin(), rest.end());
  EXPECT_EQ(all.size(), 200'000U + 1 + 20 + 10);
  const Records in_order = sorted(all);
  EXPECT_EQ(std::count(in_order.begin(), in_order.end(), "00000000"), 2);  // of a, and done
}

TEST_F(MergedFiles, GoOnFromAPositionOfFilesThatWereReadOneAfterTheOther) {
  const FileSourceOptions options{.paths = {folder_.file("a", times(0, 10, 1)),
                                            folder_.file("b", times(0, 50'000, 1)),
                                            folder_.file("c", times(0, 20, 1))}};
  FileRun in_order(options);
  in_order.batches(5);
  const std::size_t before = in_order.rig.total_received();
  ASSERT_GT(before, 10U);
  ASSERT_LT(before, 50'010U);
  Run merged(options, in_order.reader().save(1));
  EXPECT_EQ(merged.to_end().size(), 50'030U - before);
}

TEST_F(MergedFiles, OneThatIsNotGivenAnyMoreIsARefusalUnlessItWasReadToItsEnd) {
  const std::string one = folder_.file("a", times(0, 50'000, 1));
  const std::string two = folder_.file("b", times(0, 50'000, 1));
  const std::string three = folder_.file("c", times(0, 1, 1));
  Run run({.paths = {one, two, three}});
  run.batches(60);
  const Positions positions = run.reader().save(1);
  EXPECT_NO_THROW(Run({.paths = {one, two}}, positions));
  try {
    Run refused({.paths = {one, three}}, positions);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find(two + " (behind record "), std::string::npos)
        << error.what();
  }
}

TEST_F(MergedFiles, ManyOfThemNeedFewDescriptors) {
  FileSourceOptions options;
  const std::string filling(1000, 'x');
  for (int i = 0; i < 150; ++i) {
    std::string bytes;
    for (int line = 0; line < 300; ++line) {  // more than are read at once
      bytes += fmt::format("{} {}\n", line, filling);
    }
    options.paths.push_back(folder_.file(fmt::format("{}", i), bytes));
  }
  const std::size_t before = open_descriptors();
  Run run(options);
  std::size_t most = 0;
  run.rig.receiver().on_batch = [&] { most = std::max(most, open_descriptors()); };
  EXPECT_EQ(run.to_end().size(), 150U * 300);
  EXPECT_GT(most, before);
  EXPECT_LT(most, before + 110);
}

TEST_F(MergedFiles, APipeAmongThemGivesWhatItHasWhenItHasIt) {
  const std::string file = folder_.file("a", times(0, 100'000, 1));
  const std::string pipe = folder_.path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  FileDescriptor writer(::open(pipe.c_str(), O_RDWR | O_CLOEXEC));
  Run run({.paths = {file, pipe}});
  run.rig.run_until([&] { return !run.rig.step(); });
  // The pipe has given nothing and holds the file back.
  EXPECT_LT(run.rig.total_received(), 100'000U);
  ASSERT_EQ(::write(writer.get(), "99999999\n", 9), 9);
  run.rig.run_until_received(100'001);
  writer.reset();
  run.to_end();
}

}  // namespace
}  // namespace wallaroo::internal
