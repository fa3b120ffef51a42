// Running totals of words as most people would write them first: with strings and vectors of
// strings.
#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "inputs/text.hpp"
#include "ours/fold.hpp"
#include "support/hash.hpp"

namespace wallaroo::bench {
namespace {

struct WordTotal {
  std::uint64_t count = 0;
  std::uint64_t hash = 0;
};

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin < line.size()) {
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    if (end > begin) {
      words.push_back(line.substr(begin, end - begin));
    }
    begin = end + 1;
  }
  return words;
}

std::uint64_t count_word(const std::string& word, WordTotal& total) {
  if (total.count++ == 0) {
    total.hash = hash_text(word);
  }
  return total.hash ^ total.count;
}

struct Sum : Fold {
  using Fold::Fold;
  void operator()(std::uint64_t value) { add(value); }
};

Result run(const Parameters& parameters) {
  const std::string text = make_text();
  std::vector<std::string> lines;
  for (std::uint64_t line = 0; line < kTextLines; ++line) {
    lines.emplace_back(line_at(text, line));
  }
  const std::uint64_t rounds = rounds_of(parameters.records, lines.size());
  std::atomic<std::uint64_t> sum{0};
  Application app("word_count_simple");
  app.source("lines",
             memory_source(std::span<const std::string>(lines),
                           {.repeat = rounds, .partitions = static_cast<int>(parameters.threads)}))
      .to("split", split)
      .key_by("word", std::identity{})
      .to("count", count_word)
      .to_sink("sum", concurrent_callback_sink(Sum(sum)));
  const double seconds = timed_run(app, parameters.threads);
  return {rounds * lines.size(), seconds, sum.load()};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(argc, argv, "running totals of words, written simply",
                                      {.threads = 2, .records = 64 * wallaroo::bench::kTextLines},
                                      wallaroo::bench::run);
}
