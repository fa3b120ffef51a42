#include "checkpoint/files/directory_files.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "base/failpoint.hpp"
#include "checkpoint/store/store.rig.hpp"

namespace wallaroo::internal {
namespace {

class DirectoryFilesTest : public testing::Test {
 protected:
  StoreDirectory directory;
  DirectoryFiles files{directory.path(), {"manifests", "data"}};

  std::vector<std::string> names(const std::string& folder) {
    std::vector<std::string> all;
    for (const FoundFile& file : files.list(folder)) {
      all.push_back(fmt::format("{} {}", file.name, file.bytes));
    }
    return all;
  }
};

TEST_F(DirectoryFilesTest, AFileIsCreatedOnce) {
  EXPECT_TRUE(files.create("manifests/1", "mine"));
  EXPECT_FALSE(files.create("manifests/1", "yours"));
  EXPECT_EQ(files.read("manifests/1", 0, 100), "mine");
  EXPECT_EQ(names("manifests"), (std::vector<std::string>{"manifests/1 4"}));
}

TEST_F(DirectoryFilesTest, OfManyThatCreateOneGetsIt) {
  for (int round = 0; round != 20; ++round) {
    const std::string name = "manifests/" + std::to_string(round);
    std::atomic<int> won = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i) {
      threads.emplace_back([&, i] { won += files.create(name, std::to_string(i)) ? 1 : 0; });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    EXPECT_EQ(won, 1);
  }
  EXPECT_EQ(names("manifests").size(), 20u);
}

TEST_F(DirectoryFilesTest, AFileIsAppendedToAndReadInParts) {
  const auto file = files.append("data/2");
  file->append("abc");
  file->append("defg");
  file->finish();
  EXPECT_EQ(names("data"), (std::vector<std::string>{"data/2 7"}));
  EXPECT_EQ(files.read("data/2", 2, 3), "cde");
  EXPECT_EQ(files.read("data/2", 5, 30), "fg");
  EXPECT_EQ(read_whole(files, "data/2"), "abcdefg");
}

TEST_F(DirectoryFilesTest, AFileThatIsGivenUpIsNotThere) {
  const auto file = files.append("data/1");
  file->append("abc");
  file->give_up();
  EXPECT_TRUE(names("data").empty());
}

TEST_F(DirectoryFilesTest, AFileIsAppendedToByOne) {
  files.create("data/1", "first");
  EXPECT_THROW(files.append("data/1"), IoError);
  EXPECT_EQ(files.read("data/1", 0, 100), "first");
}

TEST_F(DirectoryFilesTest, AFileThatWasReplacedIsAnother) {
  files.create("data/1", "first");
  const auto before = files.find("data/1");
  ASSERT_TRUE(before.has_value());
  EXPECT_EQ(before->bytes, 5U);
  const auto path = directory.path() / "data" / "1";
  std::filesystem::last_write_time(
      path, std::filesystem::last_write_time(path) + std::chrono::seconds(1));
  EXPECT_NE(files.find("data/1")->changed, before->changed);
}

TEST_F(DirectoryFilesTest, WhatProcessesLeftIsNoFile) {
  files.create("manifests/1", "x");
  overwrite(directory.path() / "manifests" / "2.0a.tmp", "half");
  EXPECT_EQ(names("manifests"), (std::vector<std::string>{"manifests/1 1"}));
  EXPECT_EQ(files.leftovers("manifests"), (std::vector<std::string>{"manifests/2.0a.tmp"}));
  files.remove({"manifests/1", "manifests/2.0a.tmp"});
  EXPECT_TRUE(std::filesystem::is_empty(directory.path() / "manifests"));
}

TEST_F(DirectoryFilesTest, WhatIsMissingIsNamed) {
  files.remove({"data/9"});
  EXPECT_FALSE(files.find("data/9").has_value());
  EXPECT_FALSE(read_whole(files, "data/9").has_value());
  EXPECT_EQ(files.shown("data/9"), fmt::format("'{}'", (directory.path() / "data/9").string()));
  try {
    files.read("data/9", 0, 1);
    FAIL();
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find("data/9': no such file"), std::string::npos)
        << error.what();
  }
  EXPECT_THROW(files.list("pictures"), IoError);
}

TEST_F(DirectoryFilesTest, ACreationThatFailsLeavesNothing) {
  if constexpr (failpoints_enabled) {
    for (const char* step : {"create.after", "write.before", "fsync.before", "rename.before"}) {
      const std::string rule = fmt::format("store.manifest.{}=error:EIO", step);
      const ScopedFailpoints broken({.rules = rule});
      EXPECT_THROW(files.create("manifests/1", "x"), IoError) << step;
      EXPECT_TRUE(std::filesystem::is_empty(directory.path() / "manifests")) << step;
    }
  }
}

TEST_F(DirectoryFilesTest, ALocalDirectoryExcludesOthers) {
  EXPECT_TRUE(files.fences());
  EXPECT_TRUE(std::filesystem::exists(directory.path()));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 2);
}

}  // namespace
}  // namespace wallaroo::internal
