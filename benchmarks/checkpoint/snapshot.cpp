// Measures checkpoints of many keys that change all the time: how long one takes, how much memory
// it needs, and how much it leaves on the disk. `checkpoint_restore` restores the last one.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "checkpoint/filled.hpp"
#include "checkpoint/observed.hpp"
#include "ours/fold.hpp"

namespace wallaroo::bench {
namespace {

using namespace std::chrono_literals;

struct Counts : Fold {
  using Fold::Fold;
  void operator()(const Updated& updated) {
    // Measured over the updates alone.
    add(updated.index == kFills ? 0 : 1);
  }
};

std::size_t bytes_in(const std::string& directory) {
  std::size_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    bytes += entry.is_regular_file() ? entry.file_size() : 0;
  }
  return bytes;
}

// Waits until this many more checkpoints have completed.
void wait_for_checkpoints(const Engine& engine, const CheckpointWatch& watch, std::size_t more) {
  const std::size_t wanted = watch.completed().size() + more;
  while (watch.completed().size() < wanted) {
    if (const auto outcome = const_cast<Engine&>(engine).wait_for(2ms)) {
      throw std::runtime_error("the engine ended: " + outcome->error);
    }
  }
}

Result run(const Parameters& parameters) {
  std::atomic<bool> filled{false};
  std::atomic<std::uint64_t> updates{0};
  Application app("checkpoint_state");
  describe_filled(app,
                  {.keys = parameters.numbers.at("keys"),
                   .updates_per_second = static_cast<double>(parameters.numbers.at("rate")),
                   .partitions = parameters.threads},
                  filled, concurrent_callback_sink(Counts(updates)));
  CheckpointWatch watch(true);
  EngineOptions options = options_for(parameters.threads);
  options.checkpoints = checkpoint_options(parameters);
  options.checkpoints.retain = 1;
  options.log_level = LogLevel::debug;
  options.log = watch.callback();
  Engine engine(app, options);
  const auto begin = std::chrono::steady_clock::now();
  engine.start();
  while (!filled) {
    std::this_thread::sleep_for(1ms);
  }
  // Skips the checkpoint that may have begun before, and one more, after which all buffers have
  // their full size.
  wait_for_checkpoints(engine, watch, 2);
  const std::size_t first = watch.completed().size();
  wait_for_checkpoints(engine, watch, parameters.numbers.at("snapshots"));
  std::vector<double> seconds, growth, peaks;
  const auto completed = watch.completed();
  for (std::size_t i = first; i < completed.size(); ++i) {
    const Observed& one = completed[i];
    seconds.push_back(one.seconds);
    growth.push_back(static_cast<double>(one.peak_bytes) / static_cast<double>(one.rss_bytes));
    peaks.push_back(static_cast<double>(one.peak_bytes));
  }
  engine.stop();
  const Outcome outcome = engine.wait();
  if (!outcome.ok) {
    throw Error(outcome.error);
  }
  const std::chrono::duration<double> ran = std::chrono::steady_clock::now() - begin;
  return {parameters.numbers.at("keys"),
          ran.count(),
          0,
          {{"write_s", median_of(seconds)},
           {"growth", median_of(growth)},
           {"most_growth", *std::max_element(growth.begin(), growth.end())},
           {"peak_bytes", median_of(peaks)},
           {"updates_per_s", static_cast<double>(updates.load()) / ran.count()},
           {"disk_bytes", static_cast<double>(bytes_in(options.checkpoints.directory))}}};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  using wallaroo::bench::with_checkpoints;
  return wallaroo::bench::run_program(
      argc, argv, "time, memory and size of checkpoints of many keys",
      with_checkpoints(
          {.threads = 2, .numbers = {{"keys", 10'000'000}, {"rate", 100'000}, {"snapshots", 3}}}),
      wallaroo::bench::run);
}
