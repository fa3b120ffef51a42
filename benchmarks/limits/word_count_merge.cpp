// Counts words on each thread alone and merges the totals at the end. This does less than a word
// count, because there are no running totals. It shows what the exchange costs and is not used as a
// bar.
#include <cstdint>
#include <string>
#include <vector>

#include <wallaroo/types/words.hpp>
#include "inputs/text.hpp"
#include "limits/word_runs.hpp"
#include "limits/word_table.hpp"
#include "support/hash.hpp"
#include "support/program.hpp"

namespace wallaroo::bench {
namespace {

using Runs = WordRuns<kLineBytes / 2>;

void count_share(WordTable& totals, Share lines, std::string_view text) {
  Runs runs;
  const auto count = [&](const HashedWord& word) { totals.add(word); };
  const auto no_pause = [] {};
  for (std::uint64_t line = lines.begin; line < lines.end; ++line) {
    for_each_word(line_at(text, line), [&](std::string_view word) { runs.add(word); });
    runs.hash_full(count, no_pause);
  }
  runs.hash_all(count, no_pause);
}

Result run(const Parameters& parameters) {
  const std::string text = make_text();
  std::vector<WordTable> tables(parameters.threads);
  double seconds = timed_on_threads(parameters.threads, [&](unsigned self) {
    const Share lines = share_of(parameters.records, self, parameters.threads);
    count_share(tables[self], lines, text);
  });
  WordTable& merged = tables.front();
  seconds += timed_on_threads(1, [&](unsigned) {
    for (std::size_t i = 1; i < tables.size(); ++i) {
      tables[i].for_each([&](std::string_view word, std::uint64_t total) {
        merged.add({hash_text(word), word.data(), word.size()}, total);
      });
    }
  });
  std::uint64_t checksum = 0;
  merged.for_each(
      [&](std::string_view word, std::uint64_t total) { checksum += hash_text(word) ^ total; });
  return {parameters.records, seconds, checksum};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(argc, argv, "totals of words, counted apart and merged",
                                      {.threads = 2, .records = 1 << 22}, wallaroo::bench::run);
}
