#include <set>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "nexmark/reference_parts.hpp"

namespace wallaroo::bench::nexmark {
namespace {

std::tm utc(std::int64_t time_ns) {
  return fmt::gmtime(static_cast<std::time_t>(time_ns / 1'000'000'000));
}
std::string day_of(std::int64_t time_ns) { return fmt::format("{:%Y-%m-%d}", utc(time_ns)); }
std::string minute_of(std::int64_t time_ns) { return fmt::format("{:%H:%M}", utc(time_ns)); }

// The rank of a price: 1, 2 or 3.
int rank_of(std::int64_t price) { return price < 10'000 ? 1 : price < 1'000'000 ? 2 : 3; }

struct OfChannel {
  std::string minute;
  // Indexed by rank; 0 is for all bids.
  std::map<int, std::uint64_t> bids{{0, 0}, {1, 0}, {2, 0}, {3, 0}};
  std::map<int, std::set<std::uint64_t>> bidders{{0, {}}, {1, {}}, {2, {}}, {3, {}}};
  std::map<int, std::set<std::uint64_t>> auctions{{0, {}}, {1, {}}, {2, {}}, {3, {}}};
};

}  // namespace

Lines channel_statistics(Events events) {
  std::map<std::pair<std::string, std::string>, OfChannel> channels;  // by channel and day
  for (const Bid* bid : all_of<Bid>(events)) {
    OfChannel& channel = channels[{bid->channel, day_of(bid->time_ns)}];
    channel.minute = std::max(channel.minute, minute_of(bid->time_ns));
    for (const int rank : {0, rank_of(bid->price)}) {
      ++channel.bids[rank];
      channel.bidders[rank].insert(bid->bidder);
      channel.auctions[rank].insert(bid->auction);
    }
  }
  Lines lines;
  for (const auto& [key, channel] : channels) {
    std::string line = fmt::format("{},{},{}", key.first, key.second, channel.minute);
    for (const auto& [rank, count] : channel.bids) {
      line += fmt::format(",{}", count);
    }
    for (const auto& [rank, bidders] : channel.bidders) {
      line += fmt::format(",{}", bidders.size());
    }
    for (const auto& [rank, auctions] : channel.auctions) {
      line += fmt::format(",{}", auctions.size());
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

Lines auction_statistics(Events events) {
  std::map<std::pair<std::uint64_t, std::string>, std::vector<std::int64_t>> prices;
  for (const Bid* bid : all_of<Bid>(events)) {
    prices[{bid->auction, day_of(bid->time_ns)}].push_back(bid->price);
  }
  Lines lines;
  for (const auto& [key, of_auction] : prices) {
    std::int64_t sum = 0;
    std::map<int, std::uint64_t> ranks;
    for (const std::int64_t price : of_auction) {
      sum += price;
      ++ranks[rank_of(price)];
    }
    const auto [least, most] = std::minmax_element(of_auction.begin(), of_auction.end());
    lines.push_back(fmt::format("{},{},{},{},{},{},{},{},{},{}", key.first, key.second,
                                of_auction.size(), ranks[1], ranks[2], ranks[3], *least, *most,
                                sum / static_cast<std::int64_t>(of_auction.size()), sum));
  }
  return lines;
}

Lines last_bids(Events events) {
  std::map<std::pair<std::uint64_t, std::uint64_t>, const Bid*> last;  // by bidder and auction
  for (const Bid* bid : all_of<Bid>(events)) {
    const Bid*& newest = last[{bid->bidder, bid->auction}];
    if (newest == nullptr || bid->time_ns > newest->time_ns) {
      newest = bid;
    }
  }
  Lines lines;
  for (const auto& [key, bid] : last) {
    lines.push_back(fmt::format("{},{},{},{},{},{}", bid->auction, bid->bidder, bid->price,
                                bid->channel, bid->time_ns, bid->extra));
  }
  return lines;
}

Lines top_bids(Events events) {
  std::map<std::uint64_t, std::vector<const Bid*>> bids;
  for (const Bid* bid : all_of<Bid>(events)) {
    bids[bid->auction].push_back(bid);
  }
  Lines lines;
  for (auto& [auction, of_auction] : bids) {
    std::sort(of_auction.begin(), of_auction.end(), [](const Bid* a, const Bid* b) {
      return a->price != b->price ? a->price > b->price : a->time_ns < b->time_ns;
    });
    for (std::size_t i = 0; i < std::min<std::size_t>(10, of_auction.size()); ++i) {
      const Bid& bid = *of_auction[i];
      lines.push_back(fmt::format("{},{},{},{},{},{},{}", bid.auction, bid.bidder, bid.price,
                                  bid.channel, bid.time_ns, bid.extra, i + 1));
    }
  }
  return lines;
}

}  // namespace wallaroo::bench::nexmark
