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

// Finds the entry that very likely has the key with this hash, without reading it.
struct Likely {
  std::uint64_t hash;
};
struct KeyHash {
  using is_avalanching = void;
  using is_transparent = void;
  std::size_t operator()(std::uint64_t key) const { return hash_number(key); }
  std::size_t operator()(Likely likely) const { return likely.hash; }
};
struct KeyEqual {
  using is_transparent = void;
  bool operator()(std::uint64_t a, std::uint64_t b) const { return a == b; }
  bool operator()(Likely, std::uint64_t) const { return true; }
  bool operator()(std::uint64_t, Likely) const { return true; }
};

// Looks up a few records in a loop that does not wait for memory, and counts them in a second one.
class Counter {
 public:
  std::uint64_t sum = 0;

  void count(const Keyed* records, std::size_t size) {
    for (std::size_t i = 0; i < size; i += kAhead) {
      count_some(records + i, std::min(kAhead, size - i));
    }
  }

 private:
  static constexpr std::size_t kAhead = 32;
  using Table = boost::unordered_flat_map<std::uint64_t, std::uint64_t, KeyHash, KeyEqual>;

  void count_some(const Keyed* records, std::size_t size) {
    std::uint64_t hashes[kAhead];
    for (std::size_t i = 0; i < size; ++i) hashes[i] = hash_number(records[i].key);
    Table::value_type* likely[kAhead];
    for (std::size_t i = 0; i < size; ++i) {
      const auto found = counts_.find(Likely{hashes[i]});
      likely[i] = found == counts_.end() ? nullptr : &*found;
      __builtin_prefetch(likely[i], 1);
    }
    // An insertion may move the entries.
    const std::size_t most = counts_.size() + size < counts_.max_load() ? size : 0;
    std::uint64_t folded = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint64_t key = records[i].key;
      const bool there = i < most && likely[i] != nullptr && likely[i]->first == key;
      std::uint64_t& count = there ? likely[i]->second : counts_[key];
      folded += (hashes[i] ^ ++count) + records[i].value;
    }
    sum += folded;
  }

  Table counts_;
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
  return {parameters.records, seconds, checksum, {{"exchanged_bytes", exchange.bytes()}}};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(argc, argv, "running counts of keys, exchanged by hash",
                                      {.threads = 2, .records = std::uint64_t{1} << 25},
                                      wallaroo::bench::run);
}
