// Queries that keep a total or the newest bid for each key, and tell every change of it: 17, 18.
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "nexmark/queries.hpp"
#include "support/hash.hpp"

namespace wallaroo::bench::nexmark {
namespace {

constexpr std::int64_t kDayNs = 86'400'000'000'000;

struct AuctionDay {
  std::uint64_t auction;
  std::int64_t day;  // since the Unix epoch
  friend bool operator==(const AuctionDay&, const AuctionDay&) = default;
};
struct DaysBid {
  AuctionDay key;
  std::int64_t price;
};
struct Totals {
  std::uint64_t bids = 0;
  std::array<std::uint64_t, 3> bids_of_rank{};
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::int64_t sum = 0;
};
struct Statistics {
  AuctionDay key;
  Totals totals;
};
std::uint64_t digest_of(const Statistics& statistics) {
  return hash_number(statistics.key.auction) ^ statistics.totals.bids;
}
std::string replaced_by(const Statistics& statistics) {
  return fmt::format("{},{}", statistics.key.auction, statistics.key.day);
}
std::string line_of(const Statistics& statistics) {
  const auto& [key, totals] = statistics;
  const std::chrono::year_month_day day{std::chrono::sys_days(std::chrono::days(key.day))};
  const auto& [bids, of_rank, least, most, sum] = totals;
  return fmt::format("{},{}-{:02}-{:02},{},{},{},{},{},{},{},{}", key.auction,
                     static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()), bids, of_rank[0], of_rank[1], of_rank[2],
                     least, most, sum / static_cast<std::int64_t>(bids), sum);
}

std::size_t rank_of(std::int64_t price) {
  return (price >= 10'000 ? 1U : 0U) + (price >= 1'000'000 ? 1U : 0U);
}

Statistics add(const DaysBid& bid, Totals& totals) {
  totals.least = totals.bids == 0 ? bid.price : std::min(totals.least, bid.price);
  totals.most = std::max(totals.most, bid.price);
  totals.sum += bid.price;
  ++totals.bids;
  ++totals.bids_of_rank[rank_of(bid.price)];
  return {bid.key, totals};
}

struct BidderAuction {
  std::uint64_t bidder;
  std::uint64_t auction;
  friend bool operator==(const BidderAuction&, const BidderAuction&) = default;
};
struct NewestBid {
  Bid bid;
};
// Which bids are the newest when they come depends on the order in which executors meet.
std::uint64_t digest_of(const NewestBid&) { return 0; }
std::string replaced_by(const NewestBid& newest) {
  return fmt::format("{},{}", newest.bid.bidder, newest.bid.auction);
}
std::string line_of(const NewestBid& newest) {
  const Bid& bid = newest.bid;
  return fmt::format("{},{},{},{},{},{}", bid.auction, bid.bidder, bid.price, bid.channel,
                     bid.time_ns, bid.extra);
}
struct NewestTime {
  std::int64_t time_ns = 0;
};

}  // namespace

void statistics_query(Application& app, const Input& input, Results& results) {
  const auto bid_of_day = [](const Event& event) -> std::optional<DaysBid> {
    const auto* const bid = std::get_if<Bid>(&event);
    return bid == nullptr
               ? std::nullopt
               : std::optional(DaysBid{{bid->auction, bid->time_ns / kDayNs}, bid->price});
  };
  to_results(
      event_source(app, input)
          .to("bids", bid_of_day)
          .key_by("auction and day", &DaysBid::key)
          .to("statistics", [](const DaysBid& bid, Totals& totals) { return add(bid, totals); }),
      results);
}

void last_bid_query(Application& app, const Input& input, Results& results) {
  const auto bids = [](Event&& event) -> std::optional<Bid> {
    auto* const bid = std::get_if<Bid>(&event);
    return bid == nullptr ? std::nullopt : std::optional(std::move(*bid));
  };
  const auto newest = [](Bid&& bid, NewestTime& state) -> std::optional<NewestBid> {
    if (bid.time_ns <= state.time_ns) {
      return std::nullopt;
    }
    state.time_ns = bid.time_ns;
    return NewestBid{std::move(bid)};
  };
  to_results(event_source(app, input)
                 .to("bids", bids)
                 .key_by("bidder and auction",
                         [](const Bid& bid) {
                           return BidderAuction{bid.bidder, bid.auction};
                         })
                 .to("newest", newest),
             results);
}

}  // namespace wallaroo::bench::nexmark
