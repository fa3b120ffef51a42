#include <set>

#include <fmt/format.h>

#include "nexmark/reference_parts.hpp"

namespace wallaroo::bench::nexmark {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kWindow = 10 * kSecond;
constexpr std::int64_t kSlide = 2 * kSecond;
constexpr std::int64_t kGap = 10 * kSecond;

}  // namespace

Lines hot_items(Events events) {
  std::map<std::int64_t, std::map<std::uint64_t, std::uint64_t>> bids;  // by start and auction
  for (const Bid* bid : all_of<Bid>(events)) {
    for (std::int64_t start = window_start(bid->time_ns, kSlide); start > bid->time_ns - kWindow;
         start -= kSlide) {
      ++bids[start][bid->auction];
    }
  }
  Lines lines;
  for (const auto& [start, counts] : bids) {
    std::uint64_t most = 0;
    for (const auto& [auction, count] : counts) {
      most = std::max(most, count);
    }
    for (const auto& [auction, count] : counts) {
      if (count == most) {
        lines.push_back(fmt::format("{},{},{}", start + kWindow, auction, count));
      }
    }
  }
  return lines;
}

Lines highest_bids(Events events) {
  std::map<std::int64_t, std::int64_t> highest;
  for (const Bid* bid : all_of<Bid>(events)) {
    std::int64_t& price = highest[window_start(bid->time_ns, kWindow)];
    price = std::max(price, bid->price);
  }
  Lines lines;
  for (const Bid* bid : all_of<Bid>(events)) {
    const std::int64_t start = window_start(bid->time_ns, kWindow);
    if (bid->price == highest[start]) {
      lines.push_back(fmt::format("{},{},{},{},{},{}", start + kWindow, bid->auction, bid->bidder,
                                  bid->price, bid->time_ns, bid->extra));
    }
  }
  return lines;
}

Lines new_sellers(Events events) {
  std::map<std::int64_t, std::set<std::uint64_t>> sellers;  // by start of the window
  for (const Auction* auction : all_of<Auction>(events)) {
    sellers[window_start(auction->time_ns, kWindow)].insert(auction->seller);
  }
  Lines lines;
  for (const Person* person : all_of<Person>(events)) {
    const std::int64_t start = window_start(person->time_ns, kWindow);
    if (sellers[start].contains(person->id)) {
      lines.push_back(fmt::format("{},{},{}", person->id, person->name, start));
    }
  }
  return lines;
}

Lines bidder_sessions(Events events) {
  std::map<std::uint64_t, std::vector<std::int64_t>> times;
  for (const Bid* bid : all_of<Bid>(events)) {
    times[bid->bidder].push_back(bid->time_ns);
  }
  Lines lines;
  for (auto& [bidder, of_bidder] : times) {
    std::sort(of_bidder.begin(), of_bidder.end());
    std::size_t first = 0;
    for (std::size_t i = 1; i <= of_bidder.size(); ++i) {
      if (i == of_bidder.size() || of_bidder[i] - of_bidder[i - 1] >= kGap) {
        lines.push_back(fmt::format("{},{},{},{}", bidder, of_bidder[first],
                                    of_bidder[i - 1] + kGap, i - first));
        first = i;
      }
    }
  }
  return lines;
}

Lines bidder_windows(Events events) {
  std::map<std::pair<std::uint64_t, std::int64_t>, std::uint64_t> counts;
  for (const Bid* bid : all_of<Bid>(events)) {
    ++counts[{bid->bidder, window_start(bid->time_ns, kWindow)}];
  }
  Lines lines;
  for (const auto& [key, count] : counts) {
    lines.push_back(fmt::format("{},{},{},{}", key.first, key.second, key.second + kWindow, count));
  }
  return lines;
}

}  // namespace wallaroo::bench::nexmark
