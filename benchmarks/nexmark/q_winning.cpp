// Queries 9, 4 and 6: the winning bids of auctions, emitted when these close, and averages of them.
#include <algorithm>
#include <chrono>
#include <optional>
#include <tuple>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "nexmark/queries.hpp"
#include "support/hash.hpp"

namespace wallaroo::bench::nexmark {
namespace {

struct Offer {
  std::uint64_t bidder;
  std::int64_t price;
  std::int64_t time_ns;
};
struct Opened {
  std::uint64_t seller;
  std::uint64_t category;
  std::int64_t time_ns;
  std::int64_t expires_ns;
};
struct OfAuction {
  std::uint64_t auction;
  std::variant<Offer, Opened> what;
};

struct WinningBid {
  std::uint64_t auction;
  Opened opened;
  Offer offer;
};
std::uint64_t digest_of(const WinningBid& won) {
  return hash_number(won.auction) ^ hash_number(static_cast<std::uint64_t>(won.offer.time_ns));
}
std::string line_of(const WinningBid& won) {
  return fmt::format("{},{},{},{},{},{},{}", won.auction, won.opened.seller, won.opened.category,
                     won.opened.expires_ns, won.offer.bidder, won.offer.price, won.offer.time_ns);
}

struct Bidding {
  std::optional<Opened> opened;
  std::optional<Offer> best;
  std::vector<Offer> waiting;  // until the auction is known

  void consider(const Offer& offer) {
    if (offer.time_ns < opened->time_ns || offer.time_ns > opened->expires_ns) {
      return;
    }
    if (!best || offer.price > best->price ||
        (offer.price == best->price && offer.time_ns < best->time_ns)) {
      best = offer;
    }
  }
};

struct CloseAuctions {
  std::optional<WinningBid> operator()(const OfAuction& side, Bidding& bidding,
                                       Timers& timers) const {
    if (const auto* const opened = std::get_if<Opened>(&side.what)) {
      open(*opened, bidding, timers);
    } else if (bidding.opened) {
      bidding.consider(std::get<Offer>(side.what));
    } else {
      bidding.waiting.push_back(std::get<Offer>(side.what));
    }
    return std::nullopt;
  }
  std::optional<WinningBid> on_timer(std::uint64_t auction, const Bidding& bidding,
                                     const Timer&) const {
    return bidding.best ? std::optional(WinningBid{auction, *bidding.opened, *bidding.best})
                        : std::nullopt;
  }

 private:
  static void open(const Opened& opened, Bidding& bidding, Timers& timers) {
    bidding.opened = opened;
    std::for_each(bidding.waiting.begin(), bidding.waiting.end(),
                  [&](const Offer& offer) { bidding.consider(offer); });
    bidding.waiting = {};
    // A bid at the last moment counts.
    timers.at(EventTime(std::chrono::nanoseconds(opened.expires_ns + 1)));
  }
};

std::optional<OfAuction> side_of_auction(const Event& event) {
  if (const auto* const bid = std::get_if<Bid>(&event)) {
    return OfAuction{bid->auction, Offer{bid->bidder, bid->price, bid->time_ns}};
  }
  if (const auto* const auction = std::get_if<Auction>(&event)) {
    return OfAuction{auction->id, Opened{auction->seller, auction->category, auction->time_ns,
                                         auction->expires_ns}};
  }
  return std::nullopt;
}

auto winning_bids(Application& app, const Input& input) {
  return timed_event_source(app, input)
      .to("sides", side_of_auction)
      .key_by("auction", &OfAuction::auction)
      .to("winner", CloseAuctions{});
}

struct CategoryTotals {
  std::int64_t sum = 0;
  std::int64_t auctions = 0;
};
struct CategoryAverage {
  std::uint64_t category;
  CategoryTotals totals;
};
std::uint64_t digest_of(const CategoryAverage& average) {
  return hash_number(average.category) ^ static_cast<std::uint64_t>(average.totals.auctions);
}
std::string replaced_by(const CategoryAverage& average) {
  return fmt::format("{}", average.category);
}
std::string line_of(const CategoryAverage& average) {
  return fmt::format("{},{}", average.category, average.totals.sum / average.totals.auctions);
}

struct Closed {
  std::int64_t expires_ns;
  std::uint64_t auction;
  std::int64_t price;
};
struct SellerClosings {
  std::uint64_t auctions = 0;
  std::vector<Closed> last;  // at most ten, in the order in which they close
};
struct SellerAverage {
  std::uint64_t seller;
  std::uint64_t auctions;
  std::int64_t average;
};
std::uint64_t digest_of(const SellerAverage& average) {
  return hash_number(average.seller) ^ average.auctions;
}
std::string replaced_by(const SellerAverage& average) { return fmt::format("{}", average.seller); }
std::string line_of(const SellerAverage& average) {
  return fmt::format("{},{}", average.seller, average.average);
}

// An auction of another executor may have closed earlier and still come later.
SellerAverage add(const WinningBid& won, SellerClosings& closings) {
  constexpr std::size_t most = 10;
  const Closed closed{won.opened.expires_ns, won.auction, won.offer.price};
  auto& last = closings.last;
  const auto earlier = [](const Closed& a, const Closed& b) {
    return std::tie(a.expires_ns, a.auction) < std::tie(b.expires_ns, b.auction);
  };
  last.insert(std::upper_bound(last.begin(), last.end(), closed, earlier), closed);
  if (last.size() > most) {
    last.erase(last.begin());
  }
  std::int64_t sum = 0;
  for (const Closed& one : last) {
    sum += one.price;
  }
  return {won.opened.seller, ++closings.auctions, sum / static_cast<std::int64_t>(last.size())};
}

}  // namespace

void winning_bids_query(Application& app, const Input& input, Results& results) {
  to_results(winning_bids(app, input), results);
}

void average_by_category_query(Application& app, const Input& input, Results& results) {
  const auto average = [](const WinningBid& won, CategoryTotals& totals) {
    totals.sum += won.offer.price;
    ++totals.auctions;
    return CategoryAverage{won.opened.category, totals};
  };
  to_results(winning_bids(app, input)
                 .key_by("category", [](const WinningBid& won) { return won.opened.category; })
                 .to("average", average),
             results);
}

void average_by_seller_query(Application& app, const Input& input, Results& results) {
  to_results(winning_bids(app, input)
                 .key_by("seller", [](const WinningBid& won) { return won.opened.seller; })
                 .to("average", add),
             results);
}

}  // namespace wallaroo::bench::nexmark
