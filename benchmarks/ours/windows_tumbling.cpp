// Counts of keys in windows of a second of event time, with the public API.
#include <atomic>
#include <chrono>

#include "inputs/stamped.hpp"
#include "ours/fold.hpp"

namespace wallaroo::bench {
namespace {

using namespace std::chrono_literals;

struct Sum : Fold {
  using Fold::Fold;
  void operator()(const WindowResult<std::uint64_t, std::uint64_t>& result) {
    const Window& window = result.window;
    add(fold_result(result.key, window.start, window.end, window.firing == Firing::closed,
                    result.value));
  }
};

Result run(const Parameters& parameters) {
  const StampedInput input(parameters.records, parameters.numbers.at("keys"), parameters.threads);
  std::atomic<std::uint64_t> sum{0};
  Application app("windows_tumbling");
  app.source("records",
             memory_source(input.records(), {.partitions = static_cast<int>(parameters.threads)}))
      .event_time("time", &Stamped::time, bounded_lateness(std::chrono::nanoseconds(kDisorderNs)))
      .key_by("key", &Stamped::key)
      .to("count", range_windows(1s).over(count()))
      .to_sink("sum", concurrent_callback_sink(Sum(sum)));
  Result result{.records = parameters.records};
  result.seconds = timed_run(app, options_for(parameters.threads), result.figures);
  result.checksum = sum.load();
  return result;
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(
      argc, argv, "counts of keys in tumbling windows on the engine",
      {.threads = 2, .records = std::uint64_t{1} << 25, .numbers = {{"keys", 100}}},
      wallaroo::bench::run);
}
