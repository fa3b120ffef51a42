// Running counts of a million keys with the public API.
#include <atomic>
#include <span>
#include <vector>

#include "checkpoint/observed.hpp"
#include "inputs/numbers.hpp"
#include "ours/fold.hpp"
#include "support/hash.hpp"

namespace wallaroo::bench {
namespace {

struct Count {
  std::uint64_t count = 0;
};

struct Sum : Fold {
  using Fold::Fold;
  void operator()(std::uint64_t value) { add(value); }
};

Result run(const Parameters& parameters) {
  const std::vector<Keyed> input = make_keyed();
  const std::uint64_t rounds = rounds_of(parameters.records, input.size());
  std::atomic<std::uint64_t> sum{0};
  Application app("keyed_count");
  app.source("records",
             memory_source(std::span<const Keyed>(input),
                           {.repeat = rounds, .partitions = static_cast<int>(parameters.threads)}))
      .key_by("key", &Keyed::key)
      .to("count",
          [](const Keyed& record, Count& state) {
            return (hash_number(record.key) ^ ++state.count) + record.value;
          })
      .to_sink("sum", concurrent_callback_sink(Sum(sum)));
  Result result;
  result.seconds = checkpointed_run(app, parameters, result.figures);
  return {rounds * input.size(), result.seconds, sum.load(), result.figures};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(
      argc, argv, "running counts of keys on the engine",
      wallaroo::bench::with_checkpoints({.threads = 2, .records = std::uint64_t{1} << 25}),
      wallaroo::bench::run);
}
