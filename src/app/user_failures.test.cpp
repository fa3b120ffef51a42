// An exception that a user's function throws outside of a record's handling is reported with the
// stage and its own text.
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <wallaroo/wallaroo.hpp>

namespace wallaroo {

namespace {
/// Which function fails, for the key "bad".
enum class Failing { none, save, load, load_oddly };
Failing failing = Failing::none;
}  // namespace

struct Odd {
  std::string key;
};
template <>
struct Stored<Odd> {
  using Type = std::string;
  static Type save(const Odd& odd) {
    if (odd.key == "bad" && failing == Failing::save) {
      throw std::runtime_error("it makes no sense");
    }
    return odd.key;
  }
  static Odd load(Type key) {
    if (key == "bad" && failing == Failing::load) {
      throw std::runtime_error("it makes no sense");
    }
    if (key == "bad" && failing == Failing::load_oddly) {
      throw 7;
    }
    return {std::move(key)};
  }
};

namespace {

using namespace std::chrono_literals;

class UserFailures : public testing::Test {
 protected:
  UserFailures() {
    std::string name = (std::filesystem::temp_directory_path() / "failures-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    failing = Failing::none;
  }
  ~UserFailures() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  std::string error_of_run(const Application& app) const {
    EngineOptions options{.threads = 1};
    options.checkpoints.directory = root_ / "checkpoints";
    options.checkpoints.interval = 5ms;
    options.checkpoints.failures = 1;
    try {
      Engine engine(app, options);
      engine.start();
      const auto outcome = engine.wait_for(100ms);
      if (outcome) {
        return outcome->error;
      }
      engine.stop();
      return engine.wait().error;
    } catch (const ConfigError& error) {
      return std::string("refused: ") + error.what();
    } catch (const Error& error) {
      return error.what();
    }
  }
  static std::string key_of(std::uint64_t index) {
    std::this_thread::sleep_for(100us);
    return index % 2 == 0 ? "good" : "bad";
  }
  Application remembering() const {
    Application app("odd");
    app.source("in", generator_source({}, key_of))
        .key_by("key", [](const std::string& key) { return key; })
        .to("remember",
            [](const std::string& key, Odd& odd) {
              odd.key = key;
              return key;
            },
            {.on_error = OnError::skip})
        .to_sink("out", callback_sink([](const std::string&) {}));
    return app;
  }
  Application windowed(std::chrono::seconds length) const {
    Application app("odd");
    app.source("in", generator_source({}, key_of))
        .to("windows", range_windows(length).over(count()))
        .to_sink("out", callback_sink([](const auto&) {}));
    return app;
  }
  Application with_strategy(std::function<WatermarkStrategy()> make) const {
    Application app("odd");
    app.source("in", generator_source({.count = 3}, key_of))
        .event_time(
            "time", [](const std::string&) { return std::int64_t{0}; },
            custom_watermarks(std::move(make)))
        .to_sink("out", callback_sink([](const std::string&) {}));
    return app;
  }

  std::filesystem::path root_;
};

TEST_F(UserFailures, WhatSaveThrowsNamesStageKeyAndCheckpointWhateverThePolicyOfTheStage) {
  failing = Failing::save;
  const std::string error = error_of_run(remembering());
  EXPECT_EQ(error.find("stage 'remember': its state of key \"bad\" cannot be saved in checkpoint "),
            0U)
      << error;
  EXPECT_NE(error.find(": it makes no sense"), error.npos) << error;
}

TEST_F(UserFailures, WhatLoadThrowsNamesStageKeyAndCheckpoint) {
  EXPECT_EQ(error_of_run(remembering()), "");
  failing = Failing::load;
  const std::string error = error_of_run(remembering());
  EXPECT_EQ(error.find("stage 'remember': its state in checkpoint "), 0U) << error;
  EXPECT_NE(error.find("cannot be restored: the value of key \"bad\": it makes no sense"),
            error.npos)
      << error;
  failing = Failing::load_oddly;
  EXPECT_NE(error_of_run(remembering())
                .find("the value of key \"bad\": an exception that is not a std::exception"),
            std::string::npos);
}

TEST_F(UserFailures, StateThatDoesNotFitTheStageIsRefusedAsAMistakeOfTheApplication) {
  EXPECT_EQ(error_of_run(windowed(10s)), "");
  const std::string error = error_of_run(windowed(20s));
  EXPECT_EQ(error.find("refused: stage 'windows': its state in checkpoint "), 0U) << error;
  EXPECT_NE(error.find("its windows had other settings"), error.npos) << error;
}

TEST_F(UserFailures, AWatermarkStrategyThatCannotBeMadeNamesTheStage) {
  const std::string thrown = error_of_run(
      with_strategy([]() -> WatermarkStrategy { throw std::runtime_error("no strategy"); }));
  EXPECT_EQ(thrown, "stage 'time': its custom watermark strategy cannot be made: no strategy");
  EXPECT_EQ(
      error_of_run(with_strategy([] { return WatermarkStrategy(); })),
      "stage 'time': its custom watermark strategy cannot be made: the function returned none");
}

/// May be copied until it is told not to.
struct Reluctant {
  const bool* fails;
  explicit Reluctant(const bool* when) : fails(when) {}
  Reluctant(const Reluctant& other) : fails(other.fails) {
    if (*fails) {
      throw std::runtime_error("no copies");
    }
  }
  std::string operator()(const std::string& text) const { return text; }
};

TEST_F(UserFailures, AFunctionThatCannotBeCopiedNamesItsStage) {
  bool fails = false;
  Application app("odd");
  app.source("in", generator_source({.count = 3}, key_of))
      .to("reluctant", Reluctant(&fails))
      .to_sink("out", callback_sink([](const std::string&) {}));
  fails = true;
  const std::string error = error_of_run(app);
  EXPECT_NE(error.find("'reluctant'"), error.npos) << error;
  EXPECT_NE(error.find("cannot be made: no copies"), error.npos) << error;
}

}  // namespace
}  // namespace wallaroo
