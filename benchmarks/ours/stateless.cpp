// map -> filter -> sink with the public API.
#include <atomic>
#include <optional>
#include <span>
#include <vector>

#include "inputs/numbers.hpp"
#include "ours/fold.hpp"

namespace wallaroo::bench {
namespace {

struct Sum : Fold {
  using Fold::Fold;
  void operator()(const Reading& r) {
    add(r.key ^ static_cast<std::uint64_t>(r.value) ^ static_cast<std::uint64_t>(r.time));
  }
};

Result run(const Parameters& parameters) {
  const std::vector<Reading> readings = make_readings();
  const std::uint64_t rounds = rounds_of(parameters.records, readings.size());
  std::atomic<std::uint64_t> sum{0};
  Application app("stateless");
  app.source("readings",
             memory_source(std::span<const Reading>(readings),
                           {.repeat = rounds, .partitions = static_cast<int>(parameters.threads)}))
      .to("map",
          [](const Reading& r) {
            return Reading{r.key, r.value * 9 + 160, r.time};
          })
      .to("filter",
          [](const Reading& r) { return r.value >= 0 ? std::optional<Reading>(r) : std::nullopt; })
      .to_sink("sum", concurrent_callback_sink(Sum(sum)));
  const double seconds = timed_run(app, parameters.threads);
  return {rounds * readings.size(), seconds, sum.load()};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(argc, argv, "map -> filter -> sink on the engine",
                                      {.threads = 1, .records = std::uint64_t{1} << 29},
                                      wallaroo::bench::run);
}
