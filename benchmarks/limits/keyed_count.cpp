// Records -> running count per key -> sink, on threads that exchange records by hash.
#include <algorithm>
#include <cstdint>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "inputs/numbers.hpp"
#include "limits/exchange.hpp"
#include "support/hash.hpp"
#include "support/program.hpp"

namespace wallaroo::bench {
namespace {

constexpr std::size_t kChunk = 256;
using RecordExchange = Exchange<Keyed, 1024, kChunk>;

struct KeyHash {
  using is_avalanching = void;
  std::size_t operator()(std::uint64_t key) const { return hash_number(key); }
};

struct Counter {
  boost::unordered_flat_map<std::uint64_t, std::uint64_t, KeyHash> counts;
  std::uint64_t sum = 0;

  void count(const Keyed* records, std::size_t size) {
    std::uint64_t folded = 0;
    for (std::size_t i = 0; i < size; ++i) {
      folded += (hash_number(records[i].key) ^ ++counts[records[i].key]) + records[i].value;
    }
    sum += folded;
  }
};

std::uint64_t count_share(RecordExchange& exchange, unsigned self, unsigned threads, Share records,
                          const std::vector<Keyed>& input) {
  Counter counter;
  auto consume = [&](const Keyed* owned, std::size_t size) { counter.count(owned, size); };
  RecordExchange::Lane<decltype(consume)> lane(exchange, self, consume);
  for (std::uint64_t at = records.begin; at < records.end;) {
    lane.make_room();
    const std::size_t first = at % kKeyedRecords;
    const std::size_t size =
        std::min({kChunk, kKeyedRecords - first, std::size_t{records.end - at}});
    for (std::size_t i = first; i < first + size; ++i) {
      lane.push(owner_of(hash_number(input[i].key), threads), input[i]);
    }
    at += size;
  }
  lane.finish();
  return counter.sum;
}

Result run(const Parameters& parameters) {
  const std::vector<Keyed> input = make_keyed();
  const unsigned threads = parameters.threads;
  RecordExchange exchange(threads);
  std::vector<std::uint64_t> sums(threads);
  const double seconds = timed_on_threads(threads, [&](unsigned self) {
    const Share records = share_of(parameters.records, self, threads);
    sums[self] = count_share(exchange, self, threads, records, input);
  });
  std::uint64_t checksum = 0;
  for (const std::uint64_t sum : sums) checksum += sum;
  return {parameters.records, seconds, checksum};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(argc, argv, "running counts of keys, exchanged by hash",
                                      {.threads = 2, .records = std::uint64_t{1} << 25},
                                      wallaroo::bench::run);
}
