// Queries 17, 18 and 19: they keep a total or some bids for each key, and emit every change.
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

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
};
// Which bids are the newest when they come depends on the order in which executors meet them. The
// final sum does not, because each output takes back the digest of the one before.
struct NewestBid {
  Bid bid;
  std::int64_t replaced_time_ns;  // 0 when there was none
};
std::uint64_t hash_time(std::int64_t time_ns) {
  return hash_number(static_cast<std::uint64_t>(time_ns));
}
std::uint64_t digest_of(const NewestBid& newest) {
  return hash_time(newest.bid.time_ns) - hash_time(newest.replaced_time_ns);
}
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

// The bid that is now number `rank` of its auction.
struct RankedBid {
  Bid bid;
  std::uint64_t rank;
  std::int64_t replaced_time_ns;  // 0 when there was none
};
std::uint64_t digest_of(const RankedBid& ranked) {
  return ranked.rank * (hash_time(ranked.bid.time_ns) - hash_time(ranked.replaced_time_ns));
}
std::string replaced_by(const RankedBid& ranked) {
  return fmt::format("{},{}", ranked.bid.auction, ranked.rank);
}
std::string line_of(const RankedBid& ranked) {
  const Bid& bid = ranked.bid;
  return fmt::format("{},{},{},{},{},{},{}", bid.auction, bid.bidder, bid.price, bid.channel,
                     bid.time_ns, bid.extra, ranked.rank);
}
struct TopBids {
  std::vector<Bid> bids;  // the best first
};

bool is_better(const Bid& a, const Bid& b) {
  return a.price != b.price ? a.price > b.price : a.time_ns < b.time_ns;
}

void rank(Bid&& bid, TopBids& top, Emitter<RankedBid>& emit) {
  constexpr std::size_t most = 10;
  auto& bids = top.bids;
  const auto place = std::upper_bound(bids.begin(), bids.end(), bid, is_better) - bids.begin();
  auto index = static_cast<std::size_t>(place);
  if (index == most) {
    return;
  }
  const std::int64_t surplus_ns = bids.size() == most ? bids.back().time_ns : 0;
  if (bids.size() == most) {
    bids.pop_back();
  }
  bids.insert(bids.begin() + place, std::move(bid));
  for (; index < bids.size(); ++index) {
    const std::int64_t replaced_ns = index + 1 < bids.size() ? bids[index + 1].time_ns : surplus_ns;
    emit({bids[index], index + 1, replaced_ns});
  }
}

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
  const auto newest = [](Bid&& bid, NewestTime& state) -> std::optional<NewestBid> {
    if (bid.time_ns <= state.time_ns) {
      return std::nullopt;
    }
    const std::int64_t replaced_ns = std::exchange(state.time_ns, bid.time_ns);
    return NewestBid{std::move(bid), replaced_ns};
  };
  to_results(event_source(app, input)
                 .to("bids", [](Event&& event) { return bid_of(std::move(event)); })
                 .key_by("bidder and auction",
                         [](const Bid& bid) {
                           return BidderAuction{bid.bidder, bid.auction};
                         })
                 .to("newest", newest),
             results);
}

void top_bids_query(Application& app, const Input& input, Results& results) {
  to_results(event_source(app, input)
                 .to("bids", [](Event&& event) { return bid_of(std::move(event)); })
                 // Taken by value, because a stage may move the strings out of records that carry
                 // their key.
                 .key_by("auction", [](const Bid& bid) { return bid.auction; })
                 .to("top ten", rank),
             results);
}

}  // namespace wallaroo::bench::nexmark
