// Lines -> words -> running total per word -> sink, on threads that exchange words by hash.
// Nothing is allocated per word: a foreign word travels as its hash and a view into the text.
#include <cstdint>
#include <string>
#include <vector>

#include <wallaroo/types/words.hpp>
#include "inputs/text.hpp"
#include "limits/exchange.hpp"
#include "limits/word_runs.hpp"
#include "limits/word_table.hpp"
#include "support/hash.hpp"
#include "support/program.hpp"

namespace wallaroo::bench {
namespace {

constexpr std::size_t kMaxWordsInLine = kLineBytes / 2;
using WordExchange = Exchange<HashedWord, 1024, kMaxWordsInLine>;

struct Counter {
  WordTable totals;
  std::uint64_t sum = 0;

  void count(const HashedWord* words, std::size_t size) {
    std::uint64_t folded = 0;
    for (std::size_t i = 0; i < size; ++i) folded += words[i].hash ^ totals.add(words[i]);
    sum += folded;
  }
};

std::uint64_t count_share(WordExchange& exchange, unsigned self, unsigned threads, Share lines,
                          std::string_view text) {
  Counter counter;
  auto consume = [&](const HashedWord* words, std::size_t size) { counter.count(words, size); };
  WordExchange::Lane<decltype(consume)> lane(exchange, self, consume);
  const auto send = [&lane, threads](const HashedWord& word) {
    lane.push(owner_of(word.hash, threads), word);
  };
  const auto make_room = [&] { lane.make_room(); };
  WordRuns<kMaxWordsInLine> runs;
  for (std::uint64_t line = lines.begin; line < lines.end; ++line) {
    for_each_word(line_at(text, line), [&](std::string_view word) { runs.add(word); });
    runs.hash_full(send, make_room);
  }
  runs.hash_all(send, make_room);
  lane.finish();
  return counter.sum;
}

Result run(const Parameters& parameters) {
  const std::string text = make_text();
  const unsigned threads = parameters.threads;
  WordExchange exchange(threads);
  std::vector<std::uint64_t> sums(threads);
  const double seconds = timed_on_threads(threads, [&](unsigned self) {
    const Share lines = share_of(parameters.records, self, threads);
    sums[self] = count_share(exchange, self, threads, lines, text);
  });
  std::uint64_t checksum = 0;
  for (const std::uint64_t sum : sums) checksum += sum;
  return {parameters.records, seconds, checksum, {{"exchanged_bytes", exchange.bytes()}}};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(argc, argv, "running totals of words, exchanged by hash",
                                      {.threads = 2, .records = 1 << 22}, wallaroo::bench::run);
}
