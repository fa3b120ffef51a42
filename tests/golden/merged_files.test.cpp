// Several files of one source: with event time they are partitions, without they are read one after
// the other.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "golden.rig.hpp"

namespace golden {
namespace {

using namespace std::chrono_literals;  // NOLINT
namespace fs = std::filesystem;

class FilesOfOneDay : public testing::Test {
 protected:
  static constexpr int seconds = 20'000;

  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "merged_files_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    for (const int server : {1, 2, 3}) {
      std::ofstream log(folder_ / fmt::format("web{}.log", server));
      for (int second = 0; second < seconds; ++second) {
        log << fmt::format("{} web{}\n", second, server);
      }
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::int64_t time_ns(const std::string& line) { return std::stoll(line) * 1'000'000'000; }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::vector<std::string> lines(const std::string& name) const {
    std::vector<std::string> all;
    std::ifstream in(path(name));
    for (std::string line; std::getline(in, line);) {
      all.push_back(line);
    }
    return all;
  }

  /// Counts the records of each ten seconds, into the file "out".
  void describe(wallaroo::Application& app) const {
    app.source("in", wallaroo::file_source({.paths = {path("web*.log")}}, wallaroo::text))
        .event_time("time", time_ns, wallaroo::bounded_lateness(5s))
        .key_by("server", [](const std::string& line) { return line.substr(line.find(' ') + 1); })
        .to("counts", wallaroo::range_windows(10s).over(wallaroo::count()))
        .to("text",
            [](const wallaroo::WindowResult<std::string, std::uint64_t>& result) {
              return fmt::format("{} {} {}", result.window.start / 1'000'000'000, result.key,
                                 result.value);
            })
        .to_sink("out", wallaroo::file_sink({.path = path("out")}, wallaroo::line));
  }
  void expect_every_record_counted() const {
    std::vector<std::string> expected;
    for (const int server : {1, 2, 3}) {
      for (int second = 0; second < seconds; second += 10) {
        expected.push_back(fmt::format("{} web{} 10", second, server));
      }
    }
    EXPECT_EQ(sorted(lines("out")), sorted(expected));
  }

  fs::path folder_;
};

TEST_F(FilesOfOneDay, LoseNothingOnAnyNumberOfThreads) {
  for (const int threads : {1, 3}) {
    wallaroo::Application app("files");
    describe(app);
    run_well(app, threads);
    expect_every_record_counted();
  }
}

TEST_F(FilesOfOneDay, LoseNothingWhenTheApplicationIsStoppedAndGoesOn) {
  wallaroo::Outcome outcome;
  for (int runs = 0; runs < 20; ++runs) {
    wallaroo::Application app("files");
    describe(app);
    wallaroo::EngineOptions options{.threads = 2};
    options.checkpoints.directory = path("checkpoints");
    options.checkpoints.interval = 5ms;
    wallaroo::Engine engine(app, options);
    engine.start();
    if (runs < 19) {
      (void)engine.wait_for(std::chrono::milliseconds(runs));
      engine.stop();
    }
    const auto ended = engine.wait_for(patience);
    ASSERT_TRUE(ended && ended->ok) << (ended ? ended->error : "it hangs");
  }
  expect_every_record_counted();
}

TEST_F(FilesOfOneDay, WithoutEventTimeAreReadOneAfterTheOtherInTheOrderGiven) {
  wallaroo::Application app("files");
  app.source("in",
             wallaroo::file_source({.paths = {path("web2.log"), path("web*.log")}}, wallaroo::text))
      .to_sink("out", wallaroo::file_sink({.path = path("out")}, wallaroo::line));
  run_well(app, 1);
  std::vector<std::string> expected;
  for (const int server : {2, 1, 3}) {
    for (const std::string& line : lines(fmt::format("web{}.log", server))) {
      expected.push_back(line);
    }
  }
  EXPECT_EQ(lines("out"), expected);
}

TEST_F(FilesOfOneDay, AnInputThatIsAlsoAnOutputIsRefusedAndStaysAsItWas) {
  wallaroo::Application app("files");
  app.source("in", wallaroo::file_source({.paths = {path("web*.log")}}, wallaroo::text))
      .to_sink("out", wallaroo::file_sink({.path = path("./web2.log")}, wallaroo::line));
  wallaroo::Engine engine(app);
  EXPECT_THROW(engine.start(), wallaroo::ConfigError);
  EXPECT_EQ(lines("web2.log").size(), static_cast<std::size_t>(seconds));
}

}  // namespace
}  // namespace golden
