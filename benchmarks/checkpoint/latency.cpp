// Latency of records at a steady rate, each of which changes the state of one of a million keys,
// with checkpoints or without.
#include <atomic>
#include <memory>

#include "checkpoint/filled.hpp"
#include "checkpoint/observed.hpp"
#include "ours/arrivals.hpp"

namespace wallaroo::bench {
namespace {

class Recorder : public ArrivalRecorder {
 public:
  using ArrivalRecorder::ArrivalRecorder;
  void operator()(const Updated& updated) {
    if (updated.index != kFills) {
      add(updated.index);
    }
  }
};

Result run(const Parameters& parameters) {
  const auto rate = static_cast<double>(parameters.numbers.at("rate"));
  const std::uint64_t updates = parameters.numbers.at("rate") * parameters.numbers.at("seconds");
  const auto arrivals = std::make_shared<Arrivals>();
  std::atomic<bool> filled{false};
  Application app("checkpoint_latency");
  describe_filled(app,
                  {.keys = parameters.numbers.at("keys"),
                   .updates_per_second = rate,
                   .updates = updates,
                   .partitions = parameters.threads},
                  filled, concurrent_callback_sink(Recorder(arrivals, updates)));
  Result result{.records = updates};
  result.seconds = checkpointed_run(app, parameters, result.figures);
  result.checksum = arrivals->all.size();
  // The first checkpoint begins after a second; the state is full long before that.
  result.figures.merge(latency_figures(
      arrivals->all, {.rate = rate, .sources = parameters.threads, .warm_up_s = 0.9}));
  return result;
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  using wallaroo::bench::with_checkpoints;
  return wallaroo::bench::run_program(
      argc, argv, "latency of updates beside checkpoints, on the engine",
      with_checkpoints(
          {.threads = 2, .numbers = {{"keys", 1'000'000}, {"rate", 100'000}, {"seconds", 10}}}),
      wallaroo::bench::run);
}
