#include "source/file/file_source.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wallaroo/types/error.hpp>

#include "source/framing_cases.rig.hpp"
#include "source/source.rig.hpp"

namespace wallaroo::internal {
namespace {

using testing_support::SourceRig;
using Records = std::vector<std::string>;
namespace fs = std::filesystem;

class FileSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "file_source_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { fs::remove_all(folder); }

  std::string file(const std::string& name, std::string_view bytes) const {
    const fs::path path = folder / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }
  static void run_to_end(SourceRig& rig) {
    rig.run_until([&] { return rig.at(0).reader->finished(); });
  }
  static Records records_of(FileSourceOptions options) {
    FileSource source("lines", std::move(options));
    SourceRig rig(source);
    run_to_end(rig);
    EXPECT_FALSE(rig.step());
    return rig.records();
  }
  /// Returns the message that `open`, or reading to the end, throws.
  static std::string failure_of(FileSourceOptions options) {
    FileSource source("lines", std::move(options));
    try {
      SourceRig rig(source);
      run_to_end(rig);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  fs::path folder;
};

TEST_F(FileSourceTest, FilesAreReadInTheOrderGivenEachOneAStreamOfItsOwn) {
  const Records expected{"a", "b", "last of one", "first of two", "", "c"};
  EXPECT_EQ(records_of({.paths = {file("1", "a\nb\r\nlast of one"), file("empty", ""),
                                  file("2", "first of two\n\nc\n")}}),
            expected);
}

TEST_F(FileSourceTest, BatchesNameTheirFileAndCountFromItsStart) {
  const std::string one = file("1", "a\nb\n");
  const std::string two = file("2", "c\n");
  FileSource source("lines", {.paths = {one, two}});
  EXPECT_EQ(source.address(), one + ", " + two);
  SourceRig rig(source);
  run_to_end(rig);
  EXPECT_EQ(rig.records_from(one), (Records{"a", "b"}));
  EXPECT_EQ(rig.records_from(two), Records{"c"});
  EXPECT_EQ(rig.metrics().records.value(), 3U);
  EXPECT_EQ(rig.metrics().bytes.value(), 6U);
}

TEST_F(FileSourceTest, LargeFilesOfEveryFramingArriveWhole) {
  std::mt19937_64 random(21);
  for (const Framing& framing : framing_cases::all_framings()) {
    framing_cases::Stream all;
    while (all.bytes.size() < 600'000) {
      const auto stream = framing_cases::random_stream(framing, random);
      all.bytes += stream.bytes;
      all.records.insert(all.records.end(), stream.records.begin(), stream.records.end());
    }
    EXPECT_TRUE(records_of({.paths = {file("big", all.bytes)}, .framing = framing}) == all.records);
  }
}

TEST_F(FileSourceTest, FilesAreReadAsOftenAsAsked) {
  const std::string path = file("1", "a\nb");
  EXPECT_EQ(records_of({.paths = {path}, .repeat = 3}), (Records{"a", "b", "a", "b", "a", "b"}));
  FileSource endless("lines", {.paths = {path}, .repeat = 0});
  SourceRig rig(endless);
  rig.run_until_received(1'000);
  rig.at(0).reader->stop();
  run_to_end(rig);
}

TEST_F(FileSourceTest, EmptyFilesEndEvenWhenTheyAreToBeReadForEver) {
  EXPECT_EQ(records_of({.paths = {file("1", ""), file("2", "")}, .repeat = 0}), Records{});
}

TEST_F(FileSourceTest, OtherExecutorsHaveNoShare) {
  FileSource source("lines", {.paths = {file("1", "a\n")}});
  SourceRig rig(source, 2);
  EXPECT_TRUE(rig.at(1).reader->finished());
  EXPECT_FALSE(rig.at(0).reader->finished());
  run_to_end(rig);
  EXPECT_EQ(rig.receiver().received.size(), 1U);
}

TEST_F(FileSourceTest, AMissingFileADirectoryAndAnEmptyPathAreErrorsBeforeAnythingStarts) {
  const std::string missing = (folder / "missing").string();
  EXPECT_EQ(failure_of({.paths = {file("1", ""), missing}}),
            "source 'lines': cannot read " + missing + ": no such file or directory");
  EXPECT_EQ(failure_of({.paths = {"missing-here"}}),
            "source 'lines': cannot read missing-here: no such file or directory (looked for in " +
                fs::current_path().string() + ")");
  EXPECT_EQ(failure_of({.paths = {folder.string()}}),
            "source 'lines': cannot read " + folder.string() +
                ": it is a directory; name the files in it");
  for (const std::vector<std::string>& paths : {std::vector<std::string>{}, {""}}) {
    EXPECT_EQ(failure_of({.paths = paths}),
              "source 'lines': it has no path to read; '-' is standard input");
  }
}

TEST_F(FileSourceTest, AFileThatMayNotBeReadIsAnErrorThatSaysWhatToDo) {
  const std::string path = file("secret", "x");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  const uid_t user = ::geteuid();
  const bool is_root = user == 0;
  if (is_root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const std::string failure = failure_of({.paths = {path}});
  if (is_root) {
    ASSERT_EQ(::seteuid(user), 0);
  }
  EXPECT_EQ(failure, "source 'lines': cannot read " + path +
                         ": permission denied; give the user that runs this program the right to "
                         "read it");
}

TEST_F(FileSourceTest, ATooLongRecordIsAnErrorWithItsPlaceAfterTheRecordsBeforeIt) {
  const std::string path = file("1", "one\ntwo\nmuch too long\nfour\n");
  FileSource source("lines", {.paths = {path}, .max_frame_bytes = 5});
  SourceRig rig(source);
  try {
    run_to_end(rig);
    FAIL();
  } catch (const IoError& error) {
    EXPECT_EQ(error.what(), "source 'lines': " + path +
                                ", record 3 (at byte 8): a line is longer than the maximum of 5 "
                                "bytes; raise max_frame_bytes, or correct the framing");
  }
  EXPECT_EQ(rig.records(), (Records{"one", "two"}));
  EXPECT_EQ(rig.metrics().framing_errors.value(), 1U);
}

TEST_F(FileSourceTest, APartialLastRecordIsCountedAndLoggedAndTheNextFileIsRead) {
  const std::string path = file("1", "abcdefg");
  FileSource source("lines", {.paths = {path, file("2", "wxyz")}, .framing = FixedSize{4}});
  SourceRig rig(source);
  run_to_end(rig);
  EXPECT_EQ(rig.records(), (Records{"abcd", "wxyz"}));
  EXPECT_EQ(rig.metrics().bad_records.value(), 1U);
  EXPECT_EQ(rig.logged, Records{"source 'lines': " + path +
                                ", record 2 (at byte 4): the file ended inside a record: 1 of 4 "
                                "bytes are missing; the record is dropped"});
}

TEST_F(FileSourceTest, AFileThatVanishesBetweenReadingsIsAnError) {
  const std::string path = file("1", "a\n");
  FileSource source("lines", {.paths = {path}, .repeat = 0});
  SourceRig rig(source);
  rig.run_until_received(1);
  fs::remove(path);
  EXPECT_THROW(run_to_end(rig), IoError);
}

TEST_F(FileSourceTest, AFileThatIsCutShortWhileItIsReadIsAnError) {
  const std::string path = file("1", std::string(2'000'000, '\n'));
  FileSource source("lines", {.paths = {path}});
  SourceRig rig(source);
  rig.run_until_received(1);
  fs::resize_file(path, 10);
  try {
    run_to_end(rig);
    FAIL();
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find("the file was cut short while it was read"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(FileSourceTest, StoppingDeliversWhatWasReadAndEnds) {
  const std::string path = file("1", std::string(100'000, '\n'));
  FileSource source("lines", {.paths = {path}, .repeat = 0});
  SourceRig rig(source);
  rig.run_until_received(1);
  EXPECT_LT(rig.total_received(), 100'000U);
  rig.at(0).reader->stop();
  run_to_end(rig);
  EXPECT_EQ(rig.total_received(), rig.metrics().bytes.value());
  EXPECT_EQ(rig.count_logged("source 'lines': stopped in " + path + " at byte"), 1U);
}

TEST_F(FileSourceTest, AnAddressReplacesAllPaths) {
  const std::string path = file("2", "other\n");
  FileSource source("lines", {.paths = {"missing", "missing too"}});
  source.set_address(path);
  EXPECT_EQ(source.address(), path);
  SourceRig rig(source);
  run_to_end(rig);
  EXPECT_EQ(rig.records(), Records{"other"});
}

TEST_F(FileSourceTest, ANamedPipeIsReadWhenItsWritersComeAndEndsWhenTheyGo) {
  const std::string path = (folder / "pipe").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  FileSource source("lines", {.paths = {path}});
  SourceRig rig(source);
  for (int i = 0; i < 10; ++i) {
    rig.step();
  }
  EXPECT_FALSE(rig.at(0).reader->finished());
  EXPECT_FALSE(rig.step());
  {
    const FileDescriptor writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::write(writer.get(), "one\ntw", 6), 6);
    rig.run_until_received(1);
    EXPECT_FALSE(rig.step());
    ASSERT_EQ(::write(writer.get(), "o\nend", 5), 5);
    rig.run_until_received(2);
  }
  run_to_end(rig);
  EXPECT_EQ(rig.records(), (Records{"one", "two", "end"}));
}

/// Replaces standard input by another descriptor while it lives.
class StandardInput {
 public:
  explicit StandardInput(int replacement) : saved_(::dup(STDIN_FILENO)) {
    if (replacement >= 0) {
      ::dup2(replacement, STDIN_FILENO);
    } else {
      ::close(STDIN_FILENO);
    }
  }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;
  ~StandardInput() { ::dup2(saved_.get(), STDIN_FILENO); }

 private:
  FileDescriptor saved_;
};

TEST_F(FileSourceTest, StandardInputFromAPipeIsReadWithoutChangingItsModeOrClosingIt) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const FileDescriptor reader(ends[0]);
  FileDescriptor writer(ends[1]);
  {
    const StandardInput replaced(reader.get());
    FileSource source("lines", {.paths = {"nothing"}});
    source.set_address("-");
    EXPECT_EQ(source.address(), "-");
    SourceRig rig(source);
    rig.step();
    EXPECT_FALSE(rig.step());
    ASSERT_EQ(::write(writer.get(), "one\ntwo", 7), 7);
    rig.run_until_received(1);
    EXPECT_FALSE(rig.step());
    EXPECT_EQ(::fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
    writer.reset();
    run_to_end(rig);
    EXPECT_EQ(rig.records_from("standard input"), (Records{"one", "two"}));
    EXPECT_GE(::fcntl(STDIN_FILENO, F_GETFD), 0);
  }
}

TEST_F(FileSourceTest, ALargeStreamThroughStandardInputArrivesWhole) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const FileDescriptor reader(ends[0]);
  std::string expected;
  for (int i = 0; i < 200'000; ++i) {
    expected += std::to_string(i) + "\n";
  }
  std::thread sender([&, writer = FileDescriptor(ends[1])] {
    std::string_view rest = expected;
    while (!rest.empty()) {
      const ssize_t written = ::write(writer.get(), rest.data(), rest.size());
      ASSERT_GT(written, 0);
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  });
  const StandardInput replaced(reader.get());
  const Records records = records_of({.paths = {"-"}});
  sender.join();
  ASSERT_EQ(records.size(), 200'000U);
  for (std::size_t i = 0; i < records.size(); i += 997) {
    EXPECT_EQ(records[i], std::to_string(i));
  }
}

TEST_F(FileSourceTest, StandardInputFromAFileIsReadFromWhereItStands) {
  const std::string path = file("1", "skipped\nread\n");
  const FileDescriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::lseek(opened.get(), 8, SEEK_SET), 8);
  const StandardInput replaced(opened.get());
  EXPECT_EQ(records_of({.paths = {"-"}}), Records{"read"});
}

TEST_F(FileSourceTest, StandardInputThatIsClosedOrWantedTwiceIsAnError) {
  {
    const StandardInput closed(-1);
    EXPECT_EQ(failure_of({.paths = {"-"}}),
              "source 'lines': cannot read standard input: bad file descriptor (it is closed)");
  }
  EXPECT_EQ(failure_of({.paths = {"-"}, .repeat = 2}),
            "source 'lines': standard input can be read only once");
  EXPECT_EQ(failure_of({.paths = {"-", "-"}}),
            "source 'lines': standard input can be read only once");
}

TEST_F(FileSourceTest, AnUnusableFramingIsAnErrorOfTheSource) {
  try {
    FileSource("lines", {.paths = {"x"}, .framing = FixedSize{0}});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "source 'lines': records of a fixed size need a size of at least 1 byte");
  }
}

}  // namespace
}  // namespace wallaroo::internal
