#include "io/durable_file.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {
namespace {

constexpr FailpointGroup steps("sink.file");
constexpr FailpointGroup publication("store.manifest");

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const IoError& error) {
    return error.what();
  }
  return "no error";
}

class DurableFileTest : public testing::Test {
 protected:
  DurableFileTest() {
    std::string name =
        (std::filesystem::temp_directory_path() / "wallaroo_durable_XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~DurableFileTest() override { std::filesystem::remove_all(directory_); }

  void expect_error(std::string_view error, std::string_view part) {
    EXPECT_NE(error.find(part), std::string_view::npos) << error;
  }

  std::filesystem::path directory_;
};

class DurableFileFailpoints : public DurableFileTest {
 protected:
  void SetUp() override {
    if (!failpoints_enabled) {
      GTEST_SKIP() << "configure with -DWALLAROO_FAILPOINTS=ON";
    }
  }
};

TEST_F(DurableFileTest, AppendsBehindWhatIsThereAndCutsOff) {
  const auto path = directory_ / "file";
  {
    DurableFile file = DurableFile::create(path, steps);
    file.append("one two");
    file.append("");
    file.sync();
    EXPECT_EQ(file.size(), 7U);
    file.close();
    expect_error(error_of([&] { file.append("more"); }), "is closed already");
  }
  DurableFile file = DurableFile::open(path, steps);
  EXPECT_EQ(file.size(), 7U);
  file.truncate(4);
  file.append("three");
  EXPECT_EQ(file.size(), 9U);
  EXPECT_EQ(content(path), "one three");
  expect_error(error_of([&] { DurableFile::create(path, steps); }), "it exists already");
}

TEST_F(DurableFileTest, ErrorsNameTheFileAndWhatToDo) {
  expect_error(error_of([&] { DurableFile::create(directory_ / "none" / "file", steps); }),
               "none/file': no such file or directory; ");
  expect_error(error_of([&] { sync_directory(directory_ / "none", steps); }),
               "none': no such file");
  expect_error(error_of([&] { create_directory_durably(directory_ / "a" / "b"); }),
               "a/b': no such");
  std::ofstream(directory_ / "file") << "x";
  expect_error(error_of([&] { create_directory_durably(directory_ / "file"); }),
               "file': file exists; it exists already, move it away");
}

// A write that crosses the size limit is cut short first; the next one is refused.
TEST_F(DurableFileTest, ShortWritesAreContinuedAndTheRefusalIsReported) {
  const auto path = directory_ / "file";
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN);
    DurableFile file = DurableFile::create(path, steps);
    file.append(std::string(900, 'a'));
    const std::string first = error_of([&] { file.append(std::string(200, 'b')); });
    // A file that has failed stays failed, although this call alone would succeed.
    const std::string second = error_of([&] { file.sync(); });
    const bool right = first.find("ulimit -f") != std::string::npos && first == second;
    ::_exit(right && file.size() == 1000 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(content(path).size(), 1000U);
}

TEST_F(DurableFileTest, CreatesAFileOnceAndIsNotDisturbedByWhatAnAttemptLeft) {
  const auto path = directory_ / "file";
  std::ofstream(directory_ / "file.tmp") << "left over from an attempt that was killed";
  EXPECT_TRUE(create_file(path, "first", publication));
  EXPECT_FALSE(create_file(path, "second", publication));
  EXPECT_EQ(content(path), "first");
}

TEST_F(DurableFileTest, DirectoriesAreMadeAndFilesRemovedOnce) {
  for (int i = 0; i < 2; ++i) {
    create_directory_durably(directory_ / "new");
    remove_file(directory_ / "new" / "file", steps);
  }
  EXPECT_TRUE(std::filesystem::is_directory(directory_ / "new"));
}

// Whichever step is killed or refused, a reader finds no file or the whole one.
TEST_F(DurableFileFailpoints, ACreationThatFailsAnywhereLeavesNoFileOrAWholeOne) {
  const auto path = directory_ / "file";
  for (const std::string step : {"create", "write", "fsync", "rename", "directory.fsync"}) {
    for (const std::string moment : {".before", ".after"}) {
      const std::string name = "store.manifest." + step + moment;
      const bool is_there = step == "directory.fsync" || name == "store.manifest.rename.after";
      const std::string wanted = is_there ? "new" : "";
      {
        const std::string rules = name + "=error:ENOSPC";
        const ScopedFailpoints failpoints({.rules = rules});
        expect_error(error_of([&] { create_file(path, "new", publication); }), "free some space");
      }
      EXPECT_EQ(content(path), wanted) << name;
      std::filesystem::remove(path);
      EXPECT_TRUE(std::filesystem::is_empty(directory_)) << name;

      const pid_t child = ::fork();
      if (child == 0) {
        const std::string rules = name + "=kill";
        const ScopedFailpoints failpoints({.rules = rules});
        create_file(path, "new", publication);
        ::_exit(0);
      }
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      EXPECT_TRUE(WIFSIGNALED(status)) << name;
      EXPECT_EQ(std::filesystem::exists(path), is_there) << name;
      EXPECT_EQ(content(path), wanted) << name;
      std::filesystem::remove_all(directory_);
      std::filesystem::create_directory(directory_);
    }
  }
}

TEST_F(DurableFileFailpoints, AfterALostWriteNothingSucceedsAnyMore) {
  DurableFile file = DurableFile::create(directory_ / "file", steps);
  file.append("one");
  {
    const ScopedFailpoints failpoints({.rules = "sink.file.fsync.before=error:EIO"});
    expect_error(error_of([&] { file.sync(); }), "file': input/output error; the disk");
  }
  expect_error(error_of([&] { file.sync(); }), "input/output error");
  expect_error(error_of([&] { file.append("two"); }), "input/output error");
  expect_error(error_of([&] { file.truncate(0); }), "input/output error");
}

}  // namespace
}  // namespace wallaroo::internal
