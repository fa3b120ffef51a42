// Running totals of words with the public API, without an allocation per word.
#include <atomic>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include <wallaroo/types/words.hpp>
#include "checkpoint/observed.hpp"
#include "inputs/text.hpp"
#include "ours/fold.hpp"
#include "support/hash.hpp"

namespace wallaroo::bench {
namespace {

struct WordTotal {
  std::uint64_t count = 0;
  std::uint64_t hash = 0;
};

struct Sum : Fold {
  using Fold::Fold;
  void operator()(std::uint64_t value) { add(value); }
};

Result run(const Parameters& parameters) {
  const std::string text = make_text();
  std::vector<std::string_view> lines;
  for (std::uint64_t line = 0; line < kTextLines; ++line) {
    lines.push_back(line_at(text, line));
  }
  const std::uint64_t rounds = rounds_of(parameters.records, lines.size());
  std::atomic<std::uint64_t> sum{0};
  Application app("word_count");
  app.source("lines",
             memory_source(std::span<const std::string_view>(lines),
                           {.repeat = rounds, .partitions = static_cast<int>(parameters.threads)}))
      .to("split",
          [](std::string_view line, Emitter<std::string_view>& emit) { for_each_word(line, emit); })
      .key_by("word", std::identity{})
      .to("count",
          [](std::string_view word, WordTotal& total) {
            if (total.count++ == 0) {
              total.hash = hash_text(word);
            }
            return total.hash ^ total.count;
          })
      .to_sink("sum", concurrent_callback_sink(Sum(sum)));
  Result result;
  result.seconds = checkpointed_run(app, parameters, result.figures);
  return {rounds * lines.size(), result.seconds, sum.load(), result.figures};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(
      argc, argv, "running totals of words on the engine",
      wallaroo::bench::with_checkpoints(
          {.threads = 2, .records = 64 * wallaroo::bench::kTextLines}),
      wallaroo::bench::run);
}
