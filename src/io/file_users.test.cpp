#include "io/file_users.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wallaroo/types/error.hpp>

#include "io/file_descriptor.hpp"

namespace wallaroo::internal {
namespace {

namespace fs = std::filesystem;

class FilesThatAreUsed : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "file_users_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::ofstream(path("file")) << "content";
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  static std::string refusal(const WrittenFiles& first, const WrittenFiles& second) {
    try {
      FileUsers users;
      users.add_writer("sink 'a'", first);
      users.add_writer("sink 'b'", second);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }
  static std::string refusal(const WrittenFiles& written, const std::string& read) {
    try {
      FileUsers users;
      users.add_writer("sink 'a'", written);
      users.add_reader("source 'c'", {read});
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }
  /// Expects that a source and a sink, and two sinks, are refused, and that the file is unchanged.
  void expect_same(const std::string& one, const std::string& other) const {
    for (const std::string& said :
         {refusal({{one}}, WrittenFiles{{other}}), refusal({{one}}, other)}) {
      EXPECT_NE(said.find("sink 'a'"), std::string::npos) << one << ", " << other << ": " << said;
      EXPECT_NE(said.find(one), std::string::npos) << said;
      EXPECT_NE(said.find(other), std::string::npos) << said;
    }
    EXPECT_EQ(fs::file_size(path("file")), 7U);
  }

  fs::path folder_;
};

TEST_F(FilesThatAreUsed, AreTheSameHoweverTheyAreSpelled) {
  fs::create_symlink("file", path("link"));
  fs::create_symlink("link", path("link_of_link"));
  fs::create_hard_link(path("file"), path("hard"));
  fs::create_directory_symlink(folder_, path("folder"));
  const FileDescriptor open(::open(path("file").c_str(), O_RDONLY | O_CLOEXEC));
  for (const std::string& spelling :
       {path("file"), path("./file"), path("folder/../" + folder_.filename().string() + "/file"),
        path("link"), path("link_of_link"), path("hard"), path("folder/file"),
        "/proc/self/fd/" + std::to_string(open.get()), "/dev/fd/" + std::to_string(open.get())}) {
    expect_same(path("file"), spelling);
  }
  EXPECT_EQ(refusal({{path("file")}}, WrittenFiles{{path("another")}}), "");
  EXPECT_EQ(refusal({{path("file")}}, path("another")), "");
}

TEST_F(FilesThatAreUsed, ThoseThatAreNotThereYetCountAsWell) {
  fs::create_symlink("missing", path("link"));
  fs::create_directory_symlink(folder_, path("folder"));
  for (const std::string& spelling :
       {path("missing"), path("./missing"), path("folder/missing"), path("link")}) {
    EXPECT_NE(refusal({{path("missing")}}, WrittenFiles{{spelling}}), "") << spelling;
  }
  EXPECT_EQ(refusal({{path("missing")}}, WrittenFiles{{path("missing2")}}), "");
  EXPECT_FALSE(fs::exists(path("missing")));
}

TEST_F(FilesThatAreUsed, ASequenceHasAllNamesThatItMayGiveItsFiles) {
  const WrittenFiles rolled{.sequence = path("out")};
  for (const char* name : {"out.000001", "out.1000000"}) {
    EXPECT_NE(refusal(rolled, WrittenFiles{{path(name)}}), "") << name;
    EXPECT_NE(refusal(WrittenFiles{{path(name)}}, rolled), "") << name;
  }
  EXPECT_NE(refusal(rolled, WrittenFiles{.sequence = path("./out")}), "");
  for (const char* name : {"out", "out.1", "out.000001.gz", "another.000001"}) {
    EXPECT_EQ(refusal(rolled, WrittenFiles{{path(name)}}), "") << name;
  }
  EXPECT_EQ(refusal(rolled, WrittenFiles{.sequence = path("out.000001")}), "");
}

TEST_F(FilesThatAreUsed, DevicesAreSharedAndAPipeHasOneWriter) {
  EXPECT_EQ(refusal({{"/dev/null"}}, WrittenFiles{{"/dev/null"}}), "");
  EXPECT_EQ(refusal({{"/dev/null"}}, "/dev/null"), "");
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_NE(refusal({{path("pipe")}}, WrittenFiles{{path("./pipe")}}), "");
  EXPECT_EQ(refusal({{path("pipe")}}, path("pipe")), "");
}

TEST_F(FilesThatAreUsed, StandardOutputIsTheFileThatItLeadsTo) {
  const FileDescriptor saved(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100));
  const FileDescriptor file(::open(path("file").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  ASSERT_GE(::dup2(file.get(), STDOUT_FILENO), 0);
  const std::string sinks = refusal({{"-"}}, WrittenFiles{{path("file")}});
  const std::string devices = refusal({{"-"}}, WrittenFiles{{"/dev/stdout"}});
  const std::string source = refusal({{"-"}}, path("file"));
  ::dup2(saved.get(), STDOUT_FILENO);
  EXPECT_NE(sinks.find("standard output and '" + path("file")), std::string::npos) << sinks;
  EXPECT_NE(devices, "");
  EXPECT_NE(source.find("(as standard output)"), std::string::npos) << source;
}

}  // namespace
}  // namespace wallaroo::internal
