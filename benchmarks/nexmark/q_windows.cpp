// Queries 5, 7, 8, 11 and 12, over windows of event time.
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "nexmark/queries.hpp"
#include "support/hash.hpp"

namespace wallaroo::bench::nexmark {
namespace {

using namespace std::chrono_literals;

constexpr auto kWindow = 10s;
constexpr auto kSlide = 2s;
constexpr auto kGap = 10s;

std::uint64_t hash_time(std::int64_t time_ns) {
  return hash_number(static_cast<std::uint64_t>(time_ns));
}

// 5: hot items.

struct AuctionNumber {
  std::uint64_t auction;
};
struct HotItem {
  std::int64_t end_ns;
  std::uint64_t auction;
  std::uint64_t bids;
};
std::uint64_t digest_of(const HotItem& item) {
  return hash_time(item.end_ns) ^ hash_number(item.auction) ^ item.bids;
}
std::string line_of(const HotItem& item) {
  return fmt::format("{},{},{}", item.end_ns, item.auction, item.bids);
}

// The items of one window with the most bids.
struct Hottest {
  struct Items {
    std::uint64_t most = 0;
    std::vector<HotItem> items;
  };

  Items initial_accumulator() const { return {}; }
  void update(const HotItem& item, Items& hottest) const {
    if (item.bids < hottest.most) {
      return;
    }
    if (item.bids > hottest.most) {
      hottest.most = item.bids;
      hottest.items.clear();
    }
    hottest.items.push_back(item);
  }
  Items combine(const Items& a, const Items& b) const {
    Items both = a.most < b.most ? b : a;
    if (a.most == b.most) {
      both.items.insert(both.items.end(), b.items.begin(), b.items.end());
    }
    return both;
  }
  Items output(std::int64_t, const Items& hottest) const { return hottest; }
};

// 7: highest bid.

struct HighestBid {
  std::int64_t end_ns;
  Bid bid;
};
std::uint64_t digest_of(const HighestBid& highest) {
  return hash_time(highest.end_ns) ^ hash_time(highest.bid.time_ns + 1);
}
std::string line_of(const HighestBid& highest) {
  const Bid& bid = highest.bid;
  return fmt::format("{},{},{},{},{},{}", highest.end_ns, bid.auction, bid.bidder, bid.price,
                     bid.time_ns, bid.extra);
}

struct HighestBids {
  struct Bids {
    std::int64_t price = -1;
    std::vector<Bid> bids;
  };
  struct OfWindow {
    std::int64_t end_ns;
    std::vector<Bid> bids;
  };
  static constexpr bool pre_aggregate = true;  // few bids are the highest of their batch

  Bids initial_accumulator() const { return {}; }
  void update(const Bid& bid, Bids& highest) const {
    if (bid.price < highest.price) {
      return;
    }
    if (bid.price > highest.price) {
      highest.price = bid.price;
      highest.bids.clear();
    }
    highest.bids.push_back(bid);
  }
  Bids combine(const Bids& a, const Bids& b) const {
    Bids both = a.price < b.price ? b : a;
    if (a.price == b.price) {
      both.bids.insert(both.bids.end(), b.bids.begin(), b.bids.end());
    }
    return both;
  }
  OfWindow output(const Bids& highest, const Window& window) const {
    return {window.end, highest.bids};
  }
};

// 8: new sellers.

struct OfPerson {
  std::uint64_t person;
  std::optional<std::string> name;  // of a new person; empty for an auction of that person
};
struct NewSeller {
  std::uint64_t person;
  std::string name;
  std::int64_t start_ns;
};
std::uint64_t digest_of(const NewSeller& seller) {
  return hash_number(seller.person) ^ hash_text(seller.name) ^ hash_time(seller.start_ns);
}
std::string line_of(const NewSeller& seller) {
  return fmt::format("{},{},{}", seller.person, seller.name, seller.start_ns);
}

struct CameAndSold {
  struct Found {
    std::optional<std::string> name;
    bool sold = false;
  };

  Found initial_accumulator() const { return {}; }
  void update(const OfPerson& record, Found& found) const {
    if (record.name) {
      found.name = record.name;
    } else {
      found.sold = true;
    }
  }
  Found combine(const Found& a, const Found& b) const {
    return {a.name ? a.name : b.name, a.sold || b.sold};
  }
  std::optional<NewSeller> output(std::uint64_t person, const Found& found,
                                  const Window& window) const {
    return found.name && found.sold ? std::optional(NewSeller{person, *found.name, window.start})
                                    : std::nullopt;
  }
};

std::optional<OfPerson> of_person(Event&& event) {
  if (auto* const person = std::get_if<Person>(&event)) {
    return OfPerson{person->id, std::move(person->name)};
  }
  if (const auto* const auction = std::get_if<Auction>(&event)) {
    return OfPerson{auction->seller, std::nullopt};
  }
  return std::nullopt;
}

// 11, 12: the bids of each bidder.

struct BidderNumber {
  std::uint64_t bidder;
};
struct BidsOfBidder {
  std::uint64_t bidder;
  Window window;
  std::uint64_t bids;
};
std::uint64_t digest_of(const BidsOfBidder& of) {
  return hash_number(of.bidder) ^ hash_time(of.window.start) ^ hash_time(of.window.end + 1) ^
         of.bids;
}
std::string line_of(const BidsOfBidder& of) {
  return fmt::format("{},{},{},{}", of.bidder, of.window.start, of.window.end, of.bids);
}

template <class Events, class Windows>
void count_bids_of_bidders(Events&& events, const Windows& windows, Results& results) {
  const auto bidder = [](const Event& event) -> std::optional<BidderNumber> {
    const auto* const bid = std::get_if<Bid>(&event);
    return bid == nullptr ? std::nullopt : std::optional(BidderNumber{bid->bidder});
  };
  to_results(std::forward<Events>(events)
                 .to("bids", bidder)
                 .key_by("bidder", &BidderNumber::bidder)
                 .to("count", windows.without_timeout().over(count()))
                 .to("result",
                     [](const WindowResult<std::uint64_t, std::uint64_t>& result) {
                       return BidsOfBidder{result.key, result.window, result.value};
                     }),
             results);
}

}  // namespace

void hot_items_query(Application& app, const Input& input, Results& results) {
  const auto auction = [](const Event& event) -> std::optional<AuctionNumber> {
    const auto* const bid = std::get_if<Bid>(&event);
    return bid == nullptr ? std::nullopt : std::optional(AuctionNumber{bid->auction});
  };
  const auto item = [](const WindowResult<std::uint64_t, std::uint64_t>& result) {
    return HotItem{result.window.end, result.key, result.value};
  };
  // The results of a window carry its last moment, so all are in the tumbling window that ends
  // there.
  to_results(timed_event_source(app, input)
                 .to("bids", auction)
                 .key_by("auction", &AuctionNumber::auction)
                 .to("count", range_windows(kWindow).with_slide(kSlide).without_timeout().over(
                                  wallaroo::count()))
                 .to("item", item)
                 .key_by("window", &HotItem::end_ns)
                 .to("hottest", range_windows(kSlide).without_timeout().over(Hottest{}))
                 .to("each", [](Hottest::Items&& hottest) { return std::move(hottest.items); }),
             results);
}

void highest_bid_query(Application& app, const Input& input, Results& results) {
  const auto each = [](HighestBids::OfWindow&& highest, Emitter<HighestBid>& emit) {
    for (Bid& bid : highest.bids) {
      emit({highest.end_ns, std::move(bid)});
    }
  };
  to_results(timed_event_source(app, input)
                 .to("bids", [](Event&& event) { return bid_of(std::move(event)); })
                 .to("highest", range_windows(kWindow).without_timeout().over(HighestBids{}))
                 .to("each", each),
             results);
}

void new_sellers_query(Application& app, const Input& input, Results& results) {
  to_results(timed_event_source(app, input)
                 .to("persons", [](Event&& event) { return of_person(std::move(event)); })
                 .key_by("person", &OfPerson::person)
                 .to("new sellers", range_windows(kWindow).without_timeout().over(CameAndSold{})),
             results);
}

void bidder_sessions_query(Application& app, const Input& input, Results& results) {
  count_bids_of_bidders(timed_event_source(app, input), session_windows(kGap), results);
}

void bidder_windows_query(Application& app, const Input& input, Results& results) {
  count_bids_of_bidders(timed_event_source(app, input), range_windows(kWindow), results);
}

}  // namespace wallaroo::bench::nexmark
