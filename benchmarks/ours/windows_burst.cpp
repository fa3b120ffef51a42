// A hundred thousand windows that fire at once, ten times a second, beside a pipeline whose records
// come at a steady rate: how long do these take?
#include <atomic>
#include <chrono>
#include <memory>

#include "inputs/stamped.hpp"
#include "ours/arrivals.hpp"
#include "ours/fold.hpp"

namespace wallaroo::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kRange = 100ms;

struct Tick {
  std::uint64_t index;
  std::uint64_t seen = 0;
};

class Recorder : public ArrivalRecorder {
 public:
  using ArrivalRecorder::ArrivalRecorder;
  void operator()(const Tick& tick) { add(tick.index); }
};

struct Windows : Fold {
  using Fold::Fold;
  void operator()(const WindowResult<std::uint64_t, std::uint64_t>& result) { add(result.value); }
};

// With --spread 2 the same windows fire at different moments. The difference shows which delays
// come from the bursts and which from the machine.
void add_bursts(Application& app, const Parameters& parameters, std::uint64_t seconds,
                std::atomic<std::uint64_t>& counted) {
  const std::uint64_t keys = parameters.numbers.at("keys");
  const std::uint64_t rate = keys * (1s / kRange);
  const auto between = std::chrono::nanoseconds(1s).count() / static_cast<std::int64_t>(rate);
  const RangeWindows aligned = range_windows(kRange);
  const RangeWindows windows =
      parameters.numbers.at("spread") > 1 ? aligned.spread_by_key() : aligned;
  app.source("events",
             generator_source({.rate_per_second = static_cast<double>(rate),
                               .count = rate * seconds,
                               .partitions = static_cast<int>(parameters.threads)},
                              [keys, between](std::uint64_t index) {
                                return Stamped{
                                    spread_key(index % keys),
                                    kFirstTimeNs + static_cast<std::int64_t>(index) * between, 0};
                              }))
      .event_time("time", &Stamped::time)
      .key_by("event_key", &Stamped::key)
      .to("windows", windows.over(count()))
      .to_sink("counted", concurrent_callback_sink(Windows(counted)));
}

Result run(const Parameters& parameters) {
  const std::uint64_t rate = parameters.numbers.at("rate");
  const std::uint64_t seconds = parameters.numbers.at("seconds");
  const auto arrivals = std::make_shared<Arrivals>();
  std::atomic<std::uint64_t> counted{0};
  Application app("windows_burst");
  app.source("ticks", generator_source({.rate_per_second = static_cast<double>(rate),
                                        .count = rate * seconds,
                                        .partitions = static_cast<int>(parameters.threads)},
                                       [](std::uint64_t index) { return Tick{index}; }))
      .key_by("tick_key", [](const Tick& tick) { return tick.index % 1'000; })
      .to("seen",
          [](const Tick& tick, std::uint64_t& seen) {
            return Tick{tick.index, ++seen};
          })
      .to_sink("arrivals", concurrent_callback_sink(Recorder(arrivals, rate * seconds)));
  add_bursts(app, parameters, seconds, counted);
  const double taken = timed_run(app, parameters.threads);
  return {rate * seconds, taken, counted.load(),
          latency_figures(arrivals->all, {.rate = static_cast<double>(rate),
                                          .sources = parameters.threads,
                                          .warm_up_s = 0.5})};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(
      argc, argv, "latency of records beside windows that fire at once, on the engine",
      {.threads = 2,
       .numbers = {{"keys", 100'000}, {"rate", 10'000}, {"seconds", 10}, {"spread", 1}}},
      wallaroo::bench::run);
}
