// A hundred thousand windows that fire at once, ten times a second, beside a pipeline whose records
// come at a steady rate: how long do these take?
#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "inputs/stamped.hpp"
#include "ours/fold.hpp"

namespace wallaroo::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kRange = 100ms;

struct Tick {
  std::uint64_t index;
  std::uint64_t seen = 0;
};

struct Arrival {
  std::uint64_t index;
  std::int64_t at_ns;
};

struct Arrivals {
  std::mutex mutex;
  std::vector<Arrival> all;
};

// Each executor's copy gives its arrivals away at the end.
class Recorder {
 public:
  explicit Recorder(std::shared_ptr<Arrivals> arrivals) : arrivals_(std::move(arrivals)) {}
  void operator()(const Tick& tick) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    own_.push_back({tick.index, std::chrono::nanoseconds(now).count()});
  }
  void finish() {
    const std::lock_guard lock(arrivals_->mutex);
    arrivals_->all.insert(arrivals_->all.end(), own_.begin(), own_.end());
  }

 private:
  std::shared_ptr<Arrivals> arrivals_;
  std::vector<Arrival> own_;
};

struct Windows : Fold {
  using Fold::Fold;
  void operator()(const WindowResult<std::uint64_t, std::uint64_t>& result) { add(result.value); }
};

// Milliseconds from when each record was due to when it arrived, in order. An executor's source
// starts at a moment of its own, which is taken to be that of the record that took least.
std::vector<double> latencies(std::vector<Arrival> arrivals, double rate, unsigned sources) {
  const auto since_start = [&](const Arrival& arrival) {
    return static_cast<double>(arrival.at_ns - arrivals.front().at_ns) -
           static_cast<double>(arrival.index) * 1e9 / rate;
  };
  std::vector<double> least(sources, std::numeric_limits<double>::max());
  for (const Arrival& arrival : arrivals) {
    double& start = least[arrival.index % sources];
    start = std::min(start, since_start(arrival));
  }
  std::vector<double> result;
  for (const Arrival& arrival : arrivals) {
    const bool warm = static_cast<double>(arrival.index) > rate / 2;
    if (warm) {
      result.push_back((since_start(arrival) - least[arrival.index % sources]) / 1e6);
    }
  }
  if (result.empty()) {
    throw std::runtime_error("--seconds is too short: nothing came after the first half second");
  }
  std::sort(result.begin(), result.end());
  return result;
}

double percentile(const std::vector<double>& sorted, double part) {
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

// With --spread 2 the same windows fire at different moments: to tell what is the bursts' and what
// is the machine's.
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
      .to_sink("arrivals", concurrent_callback_sink(Recorder(arrivals)));
  add_bursts(app, parameters, seconds, counted);
  const double taken = timed_run(app, parameters.threads);
  const std::vector<double> sorted =
      latencies(arrivals->all, static_cast<double>(rate), parameters.threads);
  return {rate * seconds,
          taken,
          counted.load(),
          {{"p50_ms", percentile(sorted, 0.5)},
           {"p99_ms", percentile(sorted, 0.99)},
           {"p99_9_ms", percentile(sorted, 0.999)},
           {"max_ms", sorted.back()}}};
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
