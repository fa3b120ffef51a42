#include <set>

#include <fmt/format.h>

#include "nexmark/reference_parts.hpp"

namespace wallaroo::bench::nexmark {
namespace {

std::map<std::uint64_t, const Auction*> auctions_by_id(Events events) {
  std::map<std::uint64_t, const Auction*> auctions;
  for (const Auction* auction : all_of<Auction>(events)) {
    auctions[auction->id] = auction;
  }
  return auctions;
}

bool better(const Bid& a, const Bid& b) {
  return a.price != b.price ? a.price > b.price : a.time_ns < b.time_ns;
}

std::int64_t average(const std::vector<std::int64_t>& prices, std::size_t last) {
  const std::size_t count = std::min(last, prices.size());
  std::int64_t sum = 0;
  for (std::size_t i = prices.size() - count; i < prices.size(); ++i) {
    sum += prices[i];
  }
  return sum / static_cast<std::int64_t>(count);
}

}  // namespace

std::vector<Won> winning_bids(Events events) {
  const auto auctions = auctions_by_id(events);
  std::map<std::uint64_t, const Bid*> best;
  for (const Bid* bid : all_of<Bid>(events)) {
    const auto found = auctions.find(bid->auction);
    if (found == auctions.end() || bid->time_ns < found->second->time_ns ||
        bid->time_ns > found->second->expires_ns) {
      continue;
    }
    const Bid*& highest = best[bid->auction];
    if (highest == nullptr || better(*bid, *highest)) {
      highest = bid;
    }
  }
  std::vector<Won> won;
  for (const auto& [id, bid] : best) {
    won.push_back({auctions.at(id), bid});
  }
  return won;
}

Lines local_items(Events events) {
  const std::set<std::string> local{"OR", "ID", "CA"};
  std::map<std::uint64_t, const Person*> persons;
  for (const Person* person : all_of<Person>(events)) {
    persons[person->id] = person;
  }
  Lines lines;
  for (const Auction* auction : all_of<Auction>(events)) {
    const auto seller = persons.find(auction->seller);
    if (auction->category == 10 && seller != persons.end() &&
        local.contains(seller->second->state)) {
      const Person& person = *seller->second;
      lines.push_back(
          fmt::format("{},{},{},{}", person.name, person.city, person.state, auction->id));
    }
  }
  return lines;
}

Lines average_by_category(Events events) {
  std::map<std::uint64_t, std::vector<std::int64_t>> prices;
  for (const Won& won : winning_bids(events)) {
    prices[won.auction->category].push_back(won.bid->price);
  }
  Lines lines;
  for (const auto& [category, of_category] : prices) {
    lines.push_back(fmt::format("{},{}", category, average(of_category, of_category.size())));
  }
  return lines;
}

Lines average_by_seller(Events events) {
  std::vector<Won> closed = winning_bids(events);
  std::sort(closed.begin(), closed.end(), [](const Won& a, const Won& b) {
    return std::pair(a.auction->expires_ns, a.auction->id) <
           std::pair(b.auction->expires_ns, b.auction->id);
  });
  std::map<std::uint64_t, std::vector<std::int64_t>> prices;
  for (const Won& won : closed) {
    prices[won.auction->seller].push_back(won.bid->price);
  }
  Lines lines;
  for (const auto& [seller, of_seller] : prices) {
    lines.push_back(fmt::format("{},{}", seller, average(of_seller, 10)));
  }
  return lines;
}

Lines winners(Events events) {
  Lines lines;
  for (const auto& [auction, bid] : winning_bids(events)) {
    lines.push_back(fmt::format("{},{},{},{},{},{},{}", auction->id, auction->seller,
                                auction->category, auction->expires_ns, bid->bidder, bid->price,
                                bid->time_ns));
  }
  return lines;
}

Lines expanded_bids(Events events) {
  const auto auctions = auctions_by_id(events);
  Lines lines;
  for (const Bid* bid : all_of<Bid>(events)) {
    const auto found = auctions.find(bid->auction);
    if (found == auctions.end() || found->second->category != 10) {
      continue;
    }
    const Auction& a = *found->second;
    lines.push_back(fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}", bid->auction,
                                bid->bidder, bid->price, bid->channel, bid->time_ns, bid->extra,
                                a.item_name, a.description, a.initial_bid, a.reserve, a.time_ns,
                                a.expires_ns, a.seller, a.category, a.extra));
  }
  return lines;
}

}  // namespace wallaroo::bench::nexmark
