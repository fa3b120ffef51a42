#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <wallaroo/wallaroo.hpp>

#include "base/failpoint.hpp"

namespace wallaroo {
namespace {

using namespace std::chrono_literals;

struct Number {
  std::uint64_t key = 0;
  std::uint64_t index = 0;
};
struct Seen {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
};
struct Line {
  std::uint64_t key = 0;
  std::uint64_t index = 0;
  Seen seen;
};

Number make(std::uint64_t index) { return {index % 97, index}; }
Line see(const Number& number, Seen& seen) {
  ++seen.count;
  seen.sum += number.index;
  return {number.key, number.index, seen};
}
std::string encode(const Line& line) {
  return fmt::format("{} {} {} {}\n", line.key, line.index, line.seen.count, line.seen.sum);
}

/// A directory for checkpoints and output, and what the application in it should write.
class Place {
 public:
  Place() {
    std::string name = (std::filesystem::temp_directory_path() / "checkpoints-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~Place() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  std::string checkpoints() const { return root_ / "checkpoints"; }
  std::string output() const { return root_ / "output"; }

  Application application(std::uint64_t count, double rate) const {
    Application app("numbers");
    app.source("make", generator_source({.rate_per_second = rate, .count = count}, make))
        .key_by("key", [](const Number& number) { return number.key; })
        .to("see", see)
        .to_sink("lines", file_sink({.path = output()}, encode));
    return app;
  }
  EngineOptions options(int threads = 2) const {
    EngineOptions options;
    options.threads = threads;
    options.checkpoints.directory = checkpoints();
    options.checkpoints.interval = 10ms;
    options.log = [this](LogLevel level, std::string_view text) {
      const std::lock_guard lock(mutex_);
      if (level >= LogLevel::warning) {
        warnings_ += fmt::format("{}\n", text);
      }
    };
    return options;
  }
  /// Runs to the end of the records, however slow the machine is, with so many checkpoints before.
  void complete_with_checkpoints(std::uint64_t count, const EngineOptions& with,
                                 std::size_t checkpoints) const {
    {
      Engine engine(application(count, 100), with);
      engine.start();
      while (checkpoint_numbers().size() < checkpoints) {
        ASSERT_FALSE(engine.wait_for(1ms).has_value());
      }
      engine.stop();
      ASSERT_TRUE(engine.wait().ok);
    }
    Engine engine(application(count, 0), with);
    engine.start();
    ASSERT_TRUE(engine.wait().ok);
  }
  std::string warnings() const {
    const std::lock_guard lock(mutex_);
    return warnings_;
  }

  /// Numbers of the complete checkpoints, in order.
  std::vector<std::string> checkpoint_numbers() const { return stems_in("manifests"); }
  /// Changes its last byte, which belongs to a block; returns its number.
  std::uint64_t damage_the_newest_data() const {
    const std::string number = stems_in("data").back();
    std::fstream file(root_ / "checkpoints" / "data" / (number + ".data"),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(-1, std::ios::end);
    const int byte = file.get();
    file.seekp(-1, std::ios::end);
    file.put(static_cast<char>(byte ^ 1));
    return std::stoull(number);
  }

  std::map<std::string, int> lines() const {
    std::map<std::string, int> lines;
    std::ifstream file(output());
    for (std::string line; std::getline(file, line);) {
      ++lines[line];
    }
    return lines;
  }
  static std::map<std::string, int> expected(std::uint64_t count) {
    std::map<std::string, int> lines;
    std::map<std::uint64_t, Seen> seen;
    for (std::uint64_t index = 0; index < count; ++index) {
      const Number number = make(index);
      std::string line = encode(see(number, seen[number.key]));
      line.pop_back();
      ++lines[line];
    }
    return lines;
  }

 private:
  std::vector<std::string> stems_in(const std::string& folder) const {
    std::vector<std::string> stems;
    for (const auto& file : std::filesystem::directory_iterator(root_ / "checkpoints" / folder)) {
      stems.push_back(file.path().stem());
    }
    std::sort(stems.begin(), stems.end());
    return stems;
  }

  std::filesystem::path root_;
  mutable std::mutex mutex_;
  mutable std::string warnings_;
};

std::uint64_t metric(const Engine& engine, const std::string& name) {
  const std::string text = engine.metrics_text();
  const std::size_t at = text.find("\n" + name + "{");
  return at == std::string::npos
             ? 0
             : static_cast<std::uint64_t>(std::stod(text.substr(text.find("} ", at) + 2)));
}

TEST(EngineCheckpoints, AnApplicationThatIsStoppedGoesOnWhereItWas) {
  const Place place;
  constexpr std::uint64_t count = 30'000;
  std::mt19937 random(1);
  int starts = 0;
  for (bool ended = false; !ended; ++starts) {
    Engine engine(place.application(count, 50'000), place.options(1 + starts % 3));
    engine.start();
    const auto outcome = engine.wait_for(std::chrono::milliseconds(40 + random() % 100));
    ended = outcome.has_value();
    if (!ended) {
      engine.stop();
      const Outcome stopped = engine.wait();
      ASSERT_TRUE(stopped.ok) << stopped.error;
    } else {
      ASSERT_TRUE(outcome->ok) << outcome->error;
    }
    // The output so far was committed: no record was there twice at any time.
    for (const auto& [line, times] : place.lines()) {
      ASSERT_EQ(times, 1) << line;
    }
  }
  EXPECT_GT(starts, 2);
  EXPECT_EQ(place.lines(), Place::expected(count));
}

TEST(EngineCheckpoints, AnApplicationThatEndedDoesNothingWhenItIsStartedAgain) {
  const Place place;
  for (int start = 0; start < 3; ++start) {
    Engine engine(place.application(1'000, 0), place.options());
    engine.start();
    const Outcome outcome = engine.wait();
    ASSERT_TRUE(outcome.ok) << outcome.error;
    EXPECT_EQ(place.lines(), Place::expected(1'000));
  }
}

// Output committed after the older checkpoint is taken back and comes again. The newer checkpoints
// are deleted, because another start would find their output gone.
TEST(EngineCheckpoints, GoingBackToAnOlderCheckpointIsGoingOnFromThereAlsoWhenItIsKilledThen) {
  const Place place;
  constexpr std::uint64_t count = 8'000;
  EngineOptions options = place.options();
  options.checkpoints.retain = 1'000;
  place.complete_with_checkpoints(count, options, 4);
  const std::vector<std::string> numbers = place.checkpoint_numbers();
  ASSERT_GT(numbers.size(), 3U);
  options.checkpoints.restore = std::stoull(numbers[numbers.size() / 2]);
  options.checkpoints.interval = std::chrono::hours(1);
  {
    Engine engine(place.application(count, 40'000), options);
    engine.start();
    EXPECT_LT(place.lines().size(), count);
    engine.stop_now();
    (void)engine.wait();
  }
  options.checkpoints.restore.reset();
  Engine engine(place.application(count, 0), options);
  engine.start();
  const Outcome outcome = engine.wait();
  ASSERT_TRUE(outcome.ok) << outcome.error;
  EXPECT_EQ(place.lines(), Place::expected(count));
}

TEST(EngineCheckpoints, ASecondEngineOnTheSameDirectoryIsRefused) {
  const Place place;
  Engine first(place.application(0, 1'000), place.options());
  first.start();
  Engine second(place.application(0, 1'000), place.options());
  try {
    second.start();
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(::getpid())), std::string::npos)
        << error.what();
  }
  first.stop();
  EXPECT_TRUE(first.wait().ok);
}

TEST(EngineCheckpoints, AnotherApplicationsCheckpointIsRefusedAndItsOutputLeftAlone) {
  const Place place;
  {
    Engine engine(place.application(1'000, 0), place.options());
    engine.start();
    ASSERT_TRUE(engine.wait().ok);
  }
  Application other("letters");
  other.source("make", generator_source({.count = 10}, make))
      .key_by("key", [](const Number& number) { return number.key; })
      .to("see", see)
      .to_sink("lines", file_sink({.path = place.output()}, encode));
  Engine engine(other, place.options());
  try {
    engine.start();
    FAIL() << "it started";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()),
              "the checkpoints in '" + place.checkpoints() +
                  "' are of the application 'numbers', and this one is 'letters'; give this one a "
                  "directory of its own, or its old name if it was renamed");
  }
  EXPECT_EQ(place.lines(), Place::expected(1'000));
}

// Going back deletes newer checkpoints, but not when the start is refused.
TEST(EngineCheckpoints, ASinkThatDoesNotFitIsRefusedBeforeNewerCheckpointsAreGivenUp) {
  const Place place;
  EngineOptions options = place.options();
  options.checkpoints.retain = 1'000;
  place.complete_with_checkpoints(4'000, options, 3);
  const std::vector<std::string> numbers = place.checkpoint_numbers();
  ASSERT_GT(numbers.size(), 2U);
  Application changed("numbers");
  changed.source("make", generator_source({.count = 4'000}, make))
      .key_by("key", [](const Number& number) { return number.key; })
      .to("see", see)
      .to_sink("lines", connector_sink({.connect = "127.0.0.1:9"}, encode));
  options.checkpoints.restore = std::stoull(numbers[1]);
  Engine engine(changed, options);
  EXPECT_THROW(engine.start(), Error);
  EXPECT_EQ(place.checkpoint_numbers(), numbers);
}

TEST(EngineCheckpoints, ADamagedBlockIsRefusedWithTheCheckpointToGoBackTo) {
  const Place place;
  EngineOptions options = place.options();
  options.checkpoints.retain = 1'000;
  {
    Engine engine(place.application(4'000, 40'000), options);
    engine.start();
    ASSERT_TRUE(engine.wait().ok);
  }
  const std::uint64_t damaged = place.damage_the_newest_data();
  std::string error;
  {
    Engine engine(place.application(4'000, 0), options);
    try {
      engine.start();
    } catch (const IoError& thrown) {
      error = thrown.what();
    }
  }
  EXPECT_NE(error.find("its checksum differs"), std::string::npos) << error;
  const std::string advice = "start once with --restore ";
  const std::size_t at = error.find(advice);
  ASSERT_NE(at, std::string::npos) << error;
  const std::uint64_t whole = std::stoull(error.substr(at + advice.size()));
  EXPECT_LT(whole, damaged);
  options.checkpoints.restore = whole;
  Engine engine(place.application(4'000, 0), options);
  engine.start();
  EXPECT_TRUE(engine.wait().ok);
  EXPECT_EQ(place.lines(), Place::expected(4'000));
}

struct Opaque {
  int value = 0;
};
}  // namespace

template <>
struct Stored<Opaque> : NotStored {};

namespace {

TEST(EngineCheckpoints, StateThatIsNotStoredIsRefusedByTheNameOfItsStage) {
  const Place place;
  Application app("opaque");
  app.source("make", generator_source({.count = 10}, make))
      .key_by("key", [](const Number& number) { return number.key; })
      .to("hidden", [](const Number& number, Opaque&) { return number; })
      .to_sink("nothing", callback_sink([](const Number&) {}));
  Engine engine(app, place.options());
  try {
    engine.start();
    FAIL() << "it started";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("stage 'hidden'"), std::string::npos) << error.what();
  }
}

class WithFailpoints : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!internal::failpoints_enabled) {
      GTEST_SKIP() << "built without WALLAROO_FAILPOINTS";
    }
  }
};

TEST_F(WithFailpoints, AFullDiskFailsCheckpointsWhileRecordsGoOn) {
  const internal::ScopedFailpoints full({.rules = "store.data.write.before=error:ENOSPC@2-9"});
  const Place place;
  Engine engine(place.application(10'000, 40'000), place.options());
  engine.start();
  const Outcome outcome = engine.wait();
  ASSERT_TRUE(outcome.ok) << outcome.error;
  EXPECT_GT(metric(engine, "wallaroo_checkpoints_failed_total"), 0U);
  EXPECT_GT(metric(engine, "wallaroo_checkpoints_completed_total"), 0U);
  EXPECT_NE(place.warnings().find("failed"), std::string::npos) << place.warnings();
  EXPECT_EQ(place.lines(), Place::expected(10'000));
}

TEST_F(WithFailpoints, AfterTooManyFailuresInARowTheApplicationStops) {
  const internal::ScopedFailpoints full({.rules = "store.data.write.before=error:ENOSPC"});
  const Place place;
  EngineOptions options = place.options();
  options.checkpoints.failures = 3;
  Engine engine(place.application(0, 1'000), options);
  engine.start();
  const Outcome outcome = engine.wait();
  EXPECT_FALSE(outcome.ok);
  EXPECT_NE(outcome.error.find("3"), std::string::npos) << outcome.error;
  EXPECT_TRUE(place.lines().empty());
}

TEST_F(WithFailpoints, CheckpointsThatAreRolledBackDoNotFillTheDisk) {
  const internal::ScopedFailpoints full({.rules = "store.manifest.write.before=error:ENOSPC"});
  const Place place;
  EngineOptions options = place.options();
  options.checkpoints.failures = 5;
  Engine engine(place.application(0, 1'000), options);
  engine.start();
  EXPECT_FALSE(engine.wait().ok);
  std::vector<std::string> left;
  for (const auto& file :
       std::filesystem::directory_iterator(std::filesystem::path(place.checkpoints()) / "data")) {
    left.push_back(file.path().filename());
  }
  std::sort(left.begin(), left.end());
  // There was no roll back after the fifth failure, and before it the highest number stayed.
  EXPECT_EQ(left, (std::vector<std::string>{"000000000004.data", "000000000005.data"}));
}

TEST_F(WithFailpoints, ASinkThatCannotPrepareMakesTheApplicationGoBackByItself) {
  const internal::ScopedFailpoints broken({.rules = "sink.file.fsync.before=error:EIO@2;"
                                                    "sink.file.copy.after=error:EIO@4"});
  const Place place;
  Engine engine(place.application(20'000, 40'000), place.options());
  engine.start();
  const Outcome outcome = engine.wait();
  ASSERT_TRUE(outcome.ok) << outcome.error;
  EXPECT_NE(place.warnings().find("goes back to"), std::string::npos) << place.warnings();
  EXPECT_EQ(place.lines(), Place::expected(20'000));
}

TEST_F(WithFailpoints, AddressesAndMetricsAreToldAlsoWhileItGoesBack) {
  const internal::ScopedFailpoints broken({.rules = "store.manifest.rename.before=error:EIO@2-5"});
  const Place place;
  EngineOptions options = place.options();
  options.http = "127.0.0.1:0";
  Engine engine(place.application(40'000, 40'000), options);
  EXPECT_THROW(engine.address("make"), ConfigError);
  engine.start();
  const std::string http = engine.http_address();
  std::optional<Outcome> outcome;
  while (!outcome) {
    ASSERT_EQ(engine.address("make"), "generator");
    ASSERT_EQ(engine.address("lines"), place.output());
    ASSERT_EQ(engine.http_address(), http);
    ASSERT_NE(engine.metrics_text().find("wallaroo_source_records_total"), std::string::npos);
    outcome = engine.wait_for(0ms);
  }
  EXPECT_TRUE(outcome->ok) << outcome->error;
  EXPECT_NE(place.warnings().find("goes back to"), std::string::npos) << place.warnings();
  EXPECT_EQ(engine.address("lines"), place.output());
  EXPECT_THROW(engine.address("nowhere"), ConfigError);
}

}  // namespace
}  // namespace wallaroo
