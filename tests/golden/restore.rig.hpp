// Runs the same stream through an application twice: undisturbed, and with checkpoints on the way,
// from each of which another harness goes on.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <wallaroo/testing.hpp>
#include <wallaroo/wallaroo.hpp>

namespace golden::restores {

using namespace std::chrono_literals;  // NOLINT

struct Tick {
  int key;
  std::int64_t at_ms;
  std::int64_t value;
};
inline wallaroo::EventTime time_of(const Tick& tick) {
  return wallaroo::EventTime(std::chrono::milliseconds(tick.at_ms));
}

/// The output in its order, by stream and key, because no order is promised between keys.
using Outputs = std::map<std::pair<std::string, int>, std::vector<std::string>>;

/// An application with two inputs. It may use only one of them.
class Pipeline {
 public:
  using Build = std::function<void(Pipeline&)>;

  explicit Pipeline(const Build& build) { build(*this); }

  auto source(int input) {
    return app.source(fmt::format("ticks {}", input),
                      inputs[static_cast<std::size_t>(input)].source());
  }
  /// Times without idleness, because that is counted anew from a restart.
  auto stamped(int input, wallaroo::EventTimeOptions times = {.idle_after = 0s}) {
    return source(input).event_time(fmt::format("time {}", input), time_of, times);
  }
  auto keyed(int input, const wallaroo::EventTimeOptions& times = {.idle_after = 0s}) {
    return stamped(input, times).key_by(fmt::format("key {}", input), &Tick::key);
  }
  template <class T, class Text>
  auto sink(const std::string& stream, Text text) {
    return wallaroo::callback_sink([this, stream, text](const T& record) {
      const std::pair<int, std::string> out = text(record);
      outputs[{stream, out.first}].push_back(out.second);
    });
  }

  wallaroo::Application app{"restored"};
  wallaroo::testing::Input<Tick> inputs[2];
  Outputs outputs;
};

struct Step {
  enum class Kind { record, time, checkpoint };
  Kind kind;
  int input = 0;
  Tick tick{};
  std::chrono::nanoseconds by{};
  int executors = 1;  ///< of the harness that goes on from the checkpoint
};

struct ScriptOptions {
  std::uint32_t seed = 0;
  int steps = 300;
  int keys = 5;
  int inputs = 1;
  /// The approximate time from one record to the next; times of the inputs vary around it.
  std::int64_t pace_ms = 300;
  std::int64_t disorder_ms = 3'000;
  bool other_executors = true;
  /// Idleness and time-outs are counted from the restart: checkpoints are taken only where that is
  /// the moment from which they are counted anyway, behind a record of each input.
  bool counts_idle = false;
};

inline std::vector<Step> make_script(const ScriptOptions& options) {
  std::mt19937 random(options.seed);
  std::vector<Step> script;
  std::int64_t time_ms = 0;
  const auto record = [&](int input) {
    time_ms += static_cast<std::int64_t>(random()) % (2 * options.pace_ms);
    time_ms += random() % 50 == 0 ? 20 * options.pace_ms : 0;
    Step step{Step::Kind::record, input, {}, {}, 1};
    step.tick.key = static_cast<int>(random() % static_cast<std::uint32_t>(options.keys));
    step.tick.at_ms = time_ms - static_cast<std::int64_t>(random()) % options.disorder_ms;
    step.tick.value = static_cast<std::int64_t>(script.size());
    script.push_back(step);
  };
  for (int i = 0; i < options.steps; ++i) {
    const auto what = random() % 20;
    if (what == 0) {
      for (int input = 0; options.counts_idle && input < options.inputs; ++input) {
        record(input);
      }
      const int executors = options.other_executors ? static_cast<int>(random() % 3) + 1 : 1;
      script.push_back({Step::Kind::checkpoint, 0, {}, {}, executors});
    } else if (what < 4) {
      const auto by = std::chrono::milliseconds(random() % 20 * (random() % 3 == 0 ? 1000 : 50));
      script.push_back({Step::Kind::time, 0, {}, by, 1});
    } else {
      record(static_cast<int>(random() % static_cast<std::uint32_t>(options.inputs)));
    }
  }
  return script;
}

/// Takes a checkpoint, and goes on from it on that many executors.
inline void restart(std::unique_ptr<wallaroo::testing::Harness>& harness, const Pipeline& pipeline,
                    wallaroo::testing::HarnessOptions& options, int executors) {
  options.restore = harness->checkpoint();
  options.executors = executors;
  harness.reset();
  harness = std::make_unique<wallaroo::testing::Harness>(pipeline.app, options);
}

/// Without `with_checkpoints` the checkpoints are left out.
inline Outputs run(const Pipeline::Build& build, const std::vector<Step>& script,
                   bool with_checkpoints) {
  using wallaroo::testing::Harness;
  using wallaroo::testing::HarnessOptions;
  Pipeline pipeline(build);
  HarnessOptions options;
  auto harness = std::make_unique<Harness>(pipeline.app, options);
  for (const Step& step : script) {
    if (step.kind == Step::Kind::record) {
      pipeline.inputs[step.input].push(step.tick);
      harness->run();
    } else if (step.kind == Step::Kind::time) {
      // Time passes in small steps, so that everything which waits for a moment acts in time.
      for (auto left = step.by; left > 0s; left -= 50ms) {
        harness->advance(50ms);
        options.start += 50ms;
      }
    } else if (with_checkpoints) {
      restart(harness, pipeline, options, step.executors);
      // Another checkpoint at once must contain all restored state, although nothing has changed.
      restart(harness, pipeline, options, step.executors);
    }
  }
  harness->end();
  return std::move(pipeline.outputs);
}

inline std::string difference(const std::vector<std::string>& wanted,
                              const std::vector<std::string>& seen) {
  for (std::size_t i = 0; i < std::max(wanted.size(), seen.size()); ++i) {
    const std::string a = i < wanted.size() ? wanted[i] : "nothing";
    const std::string b = i < seen.size() ? seen[i] : "nothing";
    if (a != b) {
      return fmt::format("output {} was '{}' instead of '{}'", i, b, a);
    }
  }
  return {};
}

/// Fails the test if the outputs differ.
inline void expect_same_when_restored(const Pipeline::Build& build, ScriptOptions options,
                                      std::uint32_t seeds = 6) {
  std::size_t outputs = 0;
  for (options.seed = 1; options.seed <= seeds; ++options.seed) {
    const auto script = make_script(options);
    const Outputs wanted = run(build, script, false);
    const Outputs seen = run(build, script, true);
    for (const auto& [place, lines] : wanted) {
      outputs += lines.size();
      const auto found = seen.find(place);
      ASSERT_TRUE(found != seen.end()) << "seed " << options.seed << ": nothing came of "
                                       << place.first << " of key " << place.second;
      ASSERT_EQ(difference(lines, found->second), "")
          << "seed " << options.seed << ", " << place.first << " of key " << place.second;
    }
    ASSERT_EQ(seen.size(), wanted.size()) << "seed " << options.seed;
  }
  EXPECT_GT(outputs, 5 * seeds) << "a case that says little";
}

}  // namespace golden::restores
