// Sums of keys over the last minute of event time, every --slide-s seconds.
#include <atomic>
#include <chrono>
#include <vector>

#include "inputs/stamped.hpp"
#include "ours/fold.hpp"

namespace wallaroo::bench {
namespace {

using namespace std::chrono_literals;

struct Sum : Fold {
  using Fold::Fold;
  void operator()(const WindowResult<std::uint64_t, std::int64_t>& result) {
    const Window& window = result.window;
    add(fold_result(result.key, window.start, window.end, window.firing == Firing::closed,
                    static_cast<std::uint64_t>(result.value)));
  }
};

// Minutes of input do not fit in memory, so a part of the input is used again and again, with later
// times.
class Records {
 public:
  explicit Records(std::uint64_t keys) : part_(kPart) {
    Random random(60);
    for (std::uint64_t i = 0; i < kPart; ++i) {
      part_[i] = make_stamped(random, keys, i);
    }
  }
  Stamped operator()(std::uint64_t index) const {
    Stamped record = part_[index % kPart];
    record.time += static_cast<std::int64_t>(index / kPart * kPart) * kBetweenNs;
    return record;
  }

 private:
  static constexpr std::uint64_t kPart = 1 << 17;

  std::vector<Stamped> part_;
};

Result run(const Parameters& parameters) {
  const Records input(parameters.numbers.at("keys"));
  const std::chrono::seconds slide(parameters.numbers.at("slide-s"));
  std::atomic<std::uint64_t> sum{0};
  Application app("windows_sliding");
  app.source("records", generator_source({.count = parameters.records,
                                          .partitions = static_cast<int>(parameters.threads)},
                                         [&input](std::uint64_t index) { return input(index); }))
      .event_time("time", &Stamped::time, bounded_lateness(std::chrono::nanoseconds(kDisorderNs)))
      .key_by("key", &Stamped::key)
      .to("sum", range_windows(60s).with_slide(slide).over(wallaroo::sum(&Stamped::value)))
      .to_sink("results", concurrent_callback_sink(Sum(sum)));
  const double seconds = timed_run(app, parameters.threads);
  return {parameters.records, seconds, sum.load()};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(argc, argv, "sums of keys over the last minute on the engine",
                                      {.threads = 2,
                                       .records = std::uint64_t{1} << 26,
                                       .numbers = {{"keys", 10'000}, {"slide-s", 1}}},
                                      wallaroo::bench::run);
}
