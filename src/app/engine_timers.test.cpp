// An engine is stopped or killed while a great number of timers are due.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <wallaroo/wallaroo.hpp>

namespace wallaroo {
namespace {

using namespace std::chrono_literals;

struct Tick {
  std::uint64_t key = 0;
  std::int64_t at_ns = 0;
};
struct Beating {
  bool yes = false;
};

/// A timer of a key sets itself again every microsecond.
struct Beat {
  void operator()(const Tick& tick, Beating& beating, Timers& timers, Emitter<std::string>& emit) {
    emit(fmt::format("{} record {}", tick.key, tick.at_ns / 1000));
    if (!std::exchange(beating.yes, true)) {
      timers.at(timers.event_time() + 1us);
    }
  }
  void on_timer(const std::uint64_t& key, Beating&, const Timer& timer, Timers& timers,
                Emitter<std::string>& emit) {
    if (!silent) {
      emit(fmt::format("{} beat {}", key, timer.due.time_since_epoch() / 1us));
    }
    timers.at(timer.due + 1us);
  }
  bool silent = false;
};

/// Records of two keys in turn: each key has one at 0, one after `jump_us`, one a microsecond
/// later.
Tick make(std::uint64_t index, std::int64_t jump_us) {
  const std::int64_t at_us[] = {0, jump_us, jump_us + 1};
  return {index % 2, at_us[index / 2] * 1000};
}

Application beats(std::int64_t jump_us, const std::string& output, bool silent, double rate) {
  Application app("beats");
  app.source("make", generator_source({.rate_per_second = rate, .count = 6},
                                      [=](std::uint64_t index) { return make(index, jump_us); }))
      .event_time("time", &Tick::at_ns)
      .key_by("key", &Tick::key)
      .to("beat", Beat{silent})
      .to_sink("lines", file_sink({.path = output}, line));
  return app;
}

class EngineTimers : public testing::TestWithParam<int> {
 protected:
  EngineTimers() {
    std::string name = (std::filesystem::temp_directory_path() / "timers-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~EngineTimers() override {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  /// The lines of one key, in their order.
  std::vector<std::string> lines_of(std::uint64_t key) const {
    std::vector<std::string> lines;
    std::ifstream file(root_ / "output");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(fmt::format("{} ", key))) {
        lines.push_back(line);
      }
    }
    return lines;
  }

  std::filesystem::path root_;
};

// The timer sets itself again without end, while a record waits for it.
TEST_P(EngineTimers, AFiringWithoutEndStopsWhenTheEngineIsToldTo) {
  for (const bool silent : {true, false}) {
    EngineOptions options;
    options.threads = GetParam();
    Engine engine(beats(std::int64_t{1} << 50, "/dev/null", silent, 100), options);
    engine.start();
    EXPECT_FALSE(engine.wait_for(200ms).has_value());
    engine.stop();
    EXPECT_FALSE(engine.wait_for(50ms).has_value());
    engine.stop_now();
    const auto outcome = engine.wait_for(60s);
    ASSERT_TRUE(outcome.has_value()) << "it goes on";
    EXPECT_FALSE(outcome->ok);
  }
}

TEST_P(EngineTimers, AFiringThatIsKilledGoesOnWhereItWas) {
  constexpr std::int64_t jump_us = 100'000;
  // The records come in one batch, or one after the other, so that some wait for timers.
  for (const double rate : {0.0, 50.0}) {
    std::filesystem::remove_all(root_ / "checkpoints");
    std::filesystem::remove_all(root_ / "output");
    std::mt19937 random(7);
    bool ended = false;
    for (int starts = 1; !ended; ++starts) {
      EngineOptions options;
      options.threads = 1 + (GetParam() + starts) % 3;
      options.checkpoints.directory = root_ / "checkpoints";
      options.checkpoints.interval = 10ms;
      Engine engine(beats(jump_us, root_ / "output", false, rate), options);
      engine.start();
      const auto outcome =
          engine.wait_for(std::chrono::milliseconds(starts * (20 + random() % 60)));
      ended = outcome.has_value();
      if (ended) {
        ASSERT_TRUE(outcome->ok) << outcome->error;
      } else {
        engine.stop_now();
        (void)engine.wait();
      }
    }
    for (const std::uint64_t key : {0, 1}) {
      std::vector<std::string> beats_of;
      std::vector<std::string> records_of;
      for (const std::string& line : lines_of(key)) {
        (line.find("beat") != std::string::npos ? beats_of : records_of).push_back(line);
      }
      ASSERT_EQ(records_of.size(), 3u);
      // Timers fire up to the last watermark, and so does the one that is set then.
      ASSERT_EQ(beats_of.size(), static_cast<std::size_t>(jump_us) + 2);
      for (std::size_t i = 0; i < beats_of.size(); ++i) {
        ASSERT_EQ(beats_of[i], fmt::format("{} beat {}", key, i + 1));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OnThreads, EngineTimers, testing::Values(1, 2));

}  // namespace
}  // namespace wallaroo
