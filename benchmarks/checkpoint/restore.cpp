// Measures the time in which the engine restores the checkpoint that `checkpoint_snapshot` left.
#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "checkpoint/filled.hpp"
#include "checkpoint/observed.hpp"
#include "ours/fold.hpp"

namespace wallaroo::bench {
namespace {

using namespace std::chrono_literals;

// Updates of keys that the checkpoint must have, and of those that it did not have.
struct Seen {
  std::atomic<std::uint64_t> known{0};
  std::atomic<std::uint64_t> anew{0};
};

struct Check {
  Seen* seen;
  void operator()(const Updated& updated) const {
    ++(updated.count > 1 ? seen->known : seen->anew);
  }
};

Result run(const Parameters& parameters) {
  std::atomic<bool> filled{false};
  Seen seen;
  Application app("checkpoint_state");
  describe_filled(app,
                  {.keys = parameters.numbers.at("keys"),
                   .updates_per_second = static_cast<double>(parameters.numbers.at("rate")),
                   .partitions = parameters.threads},
                  filled, concurrent_callback_sink(Check{&seen}));
  EngineOptions options = options_for(parameters.threads);
  options.checkpoints = checkpoint_options(parameters);
  options.checkpoints.interval = 1h;  // so that the run leaves the directory unchanged
  Engine engine(app, options);
  const auto begin = std::chrono::steady_clock::now();
  engine.start();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (seen.known < 10'000 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(1ms);
  }
  engine.stop_now();
  engine.wait();
  if (seen.known < 10'000 || seen.anew != 0) {
    throw std::runtime_error(
        fmt::format("{} keys were restored, {} not", seen.known.load(), seen.anew.load()));
  }
  return {parameters.numbers.at("keys"), taken.count(), 0, {}};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  using wallaroo::bench::with_checkpoints;
  return wallaroo::bench::run_program(
      argc, argv, "restores a checkpoint of many keys",
      with_checkpoints({.threads = 2, .numbers = {{"keys", 10'000'000}, {"rate", 100'000}}}),
      wallaroo::bench::run);
}
