// Queries 3 and 20: incremental joins of the events of one stream, in the state of the key they
// share. Either side may come first, since each executor meets events in its own order, and
// auctions may name persons, and bids auctions, that are yet to come.
#include <optional>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "nexmark/queries.hpp"
#include "support/hash.hpp"

namespace wallaroo::bench::nexmark {
namespace {

constexpr std::uint64_t kCategory = 10;

struct Seller {
  std::string name;
  std::string city;
  std::string state;
};
struct SellersItem {
  std::uint64_t auction;
};
struct OfSeller {
  std::uint64_t seller;
  std::variant<Seller, SellersItem> what;
};
struct SellerState {
  std::optional<Seller> seller;
  std::vector<std::uint64_t> waiting;  // auctions, until the seller is known
};
struct Suggestion {
  Seller seller;
  std::uint64_t auction;
};
std::uint64_t digest_of(const Suggestion& suggestion) { return hash_number(suggestion.auction); }
std::string line_of(const Suggestion& suggestion) {
  const auto& [name, city, state] = suggestion.seller;
  return fmt::format("{},{},{},{}", name, city, state, suggestion.auction);
}

std::optional<OfSeller> side_of_seller(Event&& event) {
  if (auto* const person = std::get_if<Person>(&event)) {
    if (person->state == "OR" || person->state == "ID" || person->state == "CA") {
      return OfSeller{person->id, Seller{std::move(person->name), std::move(person->city),
                                         std::move(person->state)}};
    }
  } else if (const auto* const auction = std::get_if<Auction>(&event)) {
    if (auction->category == kCategory) {
      return OfSeller{auction->seller, SellersItem{auction->id}};
    }
  }
  return std::nullopt;
}

void suggest(const OfSeller& side, SellerState& state, Emitter<Suggestion>& emit) {
  if (const auto* const item = std::get_if<SellersItem>(&side.what)) {
    if (state.seller) {
      emit({*state.seller, item->auction});
    } else {
      state.waiting.push_back(item->auction);
    }
    return;
  }
  state.seller = std::get<Seller>(side.what);
  for (const std::uint64_t auction : state.waiting) {
    emit({*state.seller, auction});
  }
  state.waiting = {};
}

struct OfAuction {
  std::uint64_t auction;
  std::variant<Bid, Auction> what;
};
struct AuctionState {
  bool known = false;
  std::optional<Auction> auction;  // when it is of the category
  std::vector<Bid> waiting;        // until the auction is known
};
struct ExpandedBid {
  Bid bid;
  Auction auction;
};
std::uint64_t digest_of(const ExpandedBid& expanded) {
  return hash_number(static_cast<std::uint64_t>(expanded.bid.time_ns)) ^
         hash_number(static_cast<std::uint64_t>(expanded.auction.time_ns));
}
std::string line_of(const ExpandedBid& expanded) {
  const auto& [bid, a] = expanded;
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}", bid.auction, bid.bidder,
                     bid.price, bid.channel, bid.time_ns, bid.extra, a.item_name, a.description,
                     a.initial_bid, a.reserve, a.time_ns, a.expires_ns, a.seller, a.category,
                     a.extra);
}

std::optional<OfAuction> side_of_auction(Event&& event) {
  if (auto* const bid = std::get_if<Bid>(&event)) {
    return OfAuction{bid->auction, std::move(*bid)};
  }
  if (auto* const auction = std::get_if<Auction>(&event)) {
    return OfAuction{auction->id, std::move(*auction)};
  }
  return std::nullopt;
}

void expand(OfAuction&& side, AuctionState& state, Emitter<ExpandedBid>& emit) {
  if (auto* const bid = std::get_if<Bid>(&side.what)) {
    if (!state.known) {
      state.waiting.push_back(std::move(*bid));
    } else if (state.auction) {
      emit({std::move(*bid), *state.auction});
    }
    return;
  }
  auto& auction = std::get<Auction>(side.what);
  state.known = true;
  if (auction.category == kCategory) {
    state.auction = std::move(auction);
    for (Bid& bid : state.waiting) {
      emit({std::move(bid), *state.auction});
    }
  }
  state.waiting = {};
}

}  // namespace

void local_items_query(Application& app, const Input& input, Results& results) {
  to_results(event_source(app, input)
                 .to("sides", [](Event&& event) { return side_of_seller(std::move(event)); })
                 .key_by("seller", &OfSeller::seller)
                 .to("suggest", suggest),
             results);
}

void expanded_bid_query(Application& app, const Input& input, Results& results) {
  to_results(event_source(app, input)
                 .to("sides", [](Event&& event) { return side_of_auction(std::move(event)); })
                 // Taken by value, because a stage may move the strings out of records that carry
                 // their key.
                 .key_by("auction", [](const OfAuction& side) { return side.auction; })
                 .to("expand", expand),
             results);
}

}  // namespace wallaroo::bench::nexmark
