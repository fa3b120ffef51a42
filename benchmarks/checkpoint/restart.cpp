// A program that the driver kills and starts again. It prints a line when its state is restored
// ("restored SECONDS"), when all keys have come ("filled"), and for each checkpoint whose output
// the sink has committed ("committed").
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include <fmt/format.h>

#include "checkpoint/filled.hpp"
#include "checkpoint/observed.hpp"
#include "ours/fold.hpp"

namespace wallaroo::bench {
namespace {

using namespace std::chrono_literals;

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string encode(const Updated& updated) {
  return updated.index == kFills ? std::string()
                                 : fmt::format("{} {}\n", updated.key, updated.count);
}

// Runs until it is killed, or has run for `seconds`.
Result run(const Parameters& parameters) {
  std::atomic<bool> filled{false};
  Application app("checkpoint_restart");
  describe_filled(app,
                  {.keys = parameters.numbers.at("keys"),
                   .updates_per_second = static_cast<double>(parameters.numbers.at("rate")),
                   .partitions = parameters.threads},
                  filled, file_sink({.path = parameters.texts.at("output")}, encode));
  CheckpointWatch watch;
  EngineOptions options = options_for(parameters.threads);
  options.checkpoints = checkpoint_options(parameters);
  options.log_level = LogLevel::debug;
  options.log = watch.callback();
  Engine engine(app, options);
  const auto begin = std::chrono::steady_clock::now();
  engine.start();
  const auto taken = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  say(fmt::format("restored {:.6f}", taken()));
  std::size_t committed = 0;
  bool said_filled = false;
  while (taken() < static_cast<double>(parameters.numbers.at("seconds"))) {
    if (const auto outcome = engine.wait_for(1ms)) {
      throw Error(outcome->error);
    }
    if (filled && !std::exchange(said_filled, true)) {
      say("filled");
    }
    for (const std::size_t now = watch.completed().size(); committed < now; ++committed) {
      say("committed");
    }
  }
  engine.stop_now();
  engine.wait();
  return {parameters.numbers.at("keys"), taken(), 0};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  using wallaroo::bench::with_checkpoints;
  return wallaroo::bench::run_program(
      argc, argv, "updates a million keys, with output to a file, until it is killed",
      with_checkpoints({.threads = 2,
                        .numbers = {{"keys", 1'000'000}, {"rate", 100'000}, {"seconds", 60}},
                        .texts = {{"output", ""}}}),
      wallaroo::bench::run);
}
