// Query 16: statistics of channels, with exact numbers of distinct bidders and auctions.
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include "nexmark/queries.hpp"
#include "support/hash.hpp"

namespace wallaroo::bench::nexmark {
namespace {

constexpr std::int64_t kMinuteNs = 60'000'000'000;
constexpr std::int64_t kMinutesOfDay = 24 * 60;

struct ChannelDay {
  std::string channel;
  std::int64_t day;  // since the Unix epoch
};
struct ChannelBid {
  ChannelDay key;
  std::int64_t minute;  // of the day
  std::uint64_t bidder;
  std::uint64_t auction;
  std::int64_t price;
};

// Counts for all bids, and for each of the three ranks of prices.
using Counts = std::array<std::uint64_t, 4>;

// Counts every number once in all and once in each rank in which it occurs.
class DistinctNumbers {
 public:
  void add(std::uint64_t number, std::size_t rank) {
    std::uint8_t& ranks = ranks_of_[number];
    const auto bit = static_cast<std::uint8_t>(1U << rank);
    counts_[0] += ranks == 0 ? 1 : 0;
    counts_[rank] += (ranks & bit) == 0 ? 1 : 0;
    ranks = static_cast<std::uint8_t>(ranks | bit);
  }
  const Counts& counts() const { return counts_; }

  /// The form in which a checkpoint holds it.
  struct Content {
    boost::unordered_flat_map<std::uint64_t, std::uint8_t> ranks_of;
    Counts counts;
  };
  Content content() const { return {ranks_of_, counts_}; }
  static DistinctNumbers of(Content content) {
    DistinctNumbers numbers;
    numbers.ranks_of_ = std::move(content.ranks_of);
    numbers.counts_ = content.counts;
    return numbers;
  }

 private:
  boost::unordered_flat_map<std::uint64_t, std::uint8_t> ranks_of_;
  Counts counts_{};
};

}  // namespace
}  // namespace wallaroo::bench::nexmark

template <>
struct wallaroo::Stored<wallaroo::bench::nexmark::DistinctNumbers> {
  using Numbers = bench::nexmark::DistinctNumbers;
  using Type = Numbers::Content;
  static Type save(const Numbers& numbers) { return numbers.content(); }
  static Numbers load(Type content) { return Numbers::of(std::move(content)); }
};

namespace wallaroo::bench::nexmark {
namespace {

struct ChannelState {
  std::int64_t minute = 0;
  Counts bids{};
  DistinctNumbers bidders;
  DistinctNumbers auctions;
};
struct ChannelStatistics {
  ChannelDay key;
  std::int64_t minute;
  Counts bids;
  Counts bidders;
  Counts auctions;
};
// For the other counts only the last value is the same in every order.
std::uint64_t digest_of(const ChannelStatistics& statistics) {
  return hash_text(statistics.key.channel) ^ statistics.bids[0];
}
std::string replaced_by(const ChannelStatistics& statistics) {
  return fmt::format("{},{}", statistics.key.channel, statistics.key.day);
}
std::string line_of(const ChannelStatistics& statistics) {
  const auto& [key, minute, bids, bidders, auctions] = statistics;
  const std::chrono::year_month_day day{std::chrono::sys_days(std::chrono::days(key.day))};
  return fmt::format("{},{}-{:02}-{:02},{:02}:{:02},{},{},{}", key.channel,
                     static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()), minute / 60, minute % 60,
                     fmt::join(bids, ","), fmt::join(bidders, ","), fmt::join(auctions, ","));
}

std::optional<ChannelBid> channel_bid(Event&& event) {
  auto* const bid = std::get_if<Bid>(&event);
  if (bid == nullptr) {
    return std::nullopt;
  }
  const std::int64_t minute = bid->time_ns / kMinuteNs;
  return ChannelBid{{std::move(bid->channel), minute / kMinutesOfDay},
                    minute % kMinutesOfDay,
                    bid->bidder,
                    bid->auction,
                    bid->price};
}

std::size_t rank_of(std::int64_t price) { return price < 10'000 ? 1 : price < 1'000'000 ? 2 : 3; }

ChannelStatistics add(const ChannelBid& bid, ChannelState& state) {
  const std::size_t rank = rank_of(bid.price);
  state.minute = std::max(state.minute, bid.minute);
  ++state.bids[0];
  ++state.bids[rank];
  state.bidders.add(bid.bidder, rank);
  state.auctions.add(bid.auction, rank);
  return {bid.key, state.minute, state.bids, state.bidders.counts(), state.auctions.counts()};
}

}  // namespace

void channels_query(Application& app, const Input& input, Results& results) {
  to_results(event_source(app, input)
                 .to("bids", [](Event&& event) { return channel_bid(std::move(event)); })
                 .key_by("channel and day", &ChannelBid::key)
                 .to("statistics", add),
             results);
}

}  // namespace wallaroo::bench::nexmark
