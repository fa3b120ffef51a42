// Counts of keys in windows of a second of event time, on threads that exchange records by hash.
//
// A thread has a table of counts per open window, and fires the whole table once the times of all
// producers have passed the window's end. A producer's promise about its times travels with its
// blocks.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "inputs/stamped.hpp"
#include "limits/exchange.hpp"
#include "support/hash.hpp"
#include "support/program.hpp"

namespace wallaroo::bench {
namespace {

constexpr std::size_t kChunk = 256;
constexpr std::int64_t kRangeNs = kSecondNs;

// The parts of a record that a count needs.
struct Event {
  std::uint64_t key;
  std::int64_t time;
};
using EventExchange = Exchange<Event, 1024, kChunk>;

struct KeyHash {
  using is_avalanching = void;
  std::size_t operator()(std::uint64_t key) const { return hash_number(key); }
};
using Table = boost::unordered_flat_map<std::uint64_t, std::uint64_t, KeyHash>;

class Windows {
 public:
  explicit Windows(unsigned producers) : promised_(producers, 0) {}

  void operator()(unsigned from, const EventExchange::Block& block) {
    for (std::size_t i = 0; i < block.size; ++i) {
      const Event& event = block.items[i];
      if (static_cast<std::uint64_t>(event.time - start_) >= kRangeNs) {
        select(event.time);
      }
      ++(*counts_)[event.key];
    }
    promised_[from] = block.mark;
    const std::int64_t least = *std::min_element(promised_.begin(), promised_.end());
    while (!open_.empty() && open_.begin()->first + kRangeNs <= least) {
      fire(false);
    }
  }

  std::uint64_t finish() {
    const std::int64_t most = *std::max_element(promised_.begin(), promised_.end());
    while (!open_.empty()) {
      fire(open_.begin()->first + kRangeNs > most);
    }
    return sum_;
  }

 private:
  void select(std::int64_t time) {
    start_ = time - time % kRangeNs;
    std::unique_ptr<Table>& table = open_[start_];
    if (table == nullptr) {
      table = spare_.empty() ? std::make_unique<Table>() : std::move(spare_.back());
      if (!spare_.empty()) {
        spare_.pop_back();
      }
    }
    counts_ = table.get();
  }

  void fire(bool closed) {
    const std::int64_t start = open_.begin()->first;
    std::unique_ptr<Table> table = std::move(open_.begin()->second);
    open_.erase(open_.begin());
    for (const auto& [key, count] : *table) {
      sum_ += fold_result(key, start, start + kRangeNs, closed, count);
    }
    table->clear();
    spare_.push_back(std::move(table));
    if (start == start_) {
      start_ = -kRangeNs;
    }
  }

  std::vector<std::int64_t> promised_;  // for each producer the time before which none follows
  std::map<std::int64_t, std::unique_ptr<Table>> open_;
  std::vector<std::unique_ptr<Table>> spare_;
  std::int64_t start_ = -kRangeNs;  // of the window that the last record was in
  Table* counts_ = nullptr;
  std::uint64_t sum_ = 0;
};

std::uint64_t count_share(EventExchange& exchange, unsigned self, unsigned threads,
                          std::span<const Stamped> records) {
  Windows windows(threads);
  const auto consume = [&](unsigned from, const EventExchange::Block& block) {
    windows(from, block);
  };
  EventExchange::Lane<decltype(consume)> lane(exchange, self, consume);
  std::int64_t newest = 0;
  while (!records.empty()) {
    lane.make_room();
    const std::size_t size = std::min(kChunk, records.size());
    for (const Stamped& record : records.first(size)) {
      newest = std::max(newest, record.time);
      lane.push(owner_of(hash_number(record.key), threads), {record.key, record.time});
    }
    lane.mark(newest - kDisorderNs);
    records = records.subspan(size);
  }
  lane.finish();
  return windows.finish();
}

Result run(const Parameters& parameters) {
  const unsigned threads = parameters.threads;
  const StampedInput input(parameters.records, parameters.numbers.at("keys"), threads);
  EventExchange exchange(threads);
  std::vector<std::uint64_t> sums(threads);
  const double seconds = timed_on_threads(threads, [&](unsigned self) {
    const Share share = share_of(parameters.records, self, threads);
    sums[self] = count_share(exchange, self, threads,
                             input.records().subspan(share.begin, share.end - share.begin));
  });
  std::uint64_t checksum = 0;
  for (const std::uint64_t sum : sums) checksum += sum;
  return {parameters.records, seconds, checksum, {{"exchanged_bytes", exchange.bytes()}}};
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_program(
      argc, argv, "counts of keys in tumbling windows, exchanged by hash",
      {.threads = 2, .records = std::uint64_t{1} << 25, .numbers = {{"keys", 100}}},
      wallaroo::bench::run);
}
