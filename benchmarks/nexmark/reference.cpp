#include "nexmark/reference.hpp"

#include <stdexcept>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "nexmark/reference_parts.hpp"

namespace wallaroo::bench::nexmark {
namespace {

const std::map<int, Lines (*)(Events)>& queries() {
  static const std::map<int, Lines (*)(Events)> all{
      {0, passthrough},         {1, currency},
      {2, selection},           {3, local_items},
      {4, average_by_category}, {5, hot_items},
      {6, average_by_seller},   {7, highest_bids},
      {8, new_sellers},         {9, winners},
      {11, bidder_sessions},    {12, bidder_windows},
      {13, side_input_join},    {14, calculation},
      {16, channel_statistics}, {17, auction_statistics},
      {18, last_bids},          {19, top_bids},
      {20, expanded_bids},
  };
  return all;
}

std::string whole(const Person& p) {
  return fmt::format("person,{},{},{},{},{},{},{},{}", p.id, p.name, p.email, p.credit_card, p.city,
                     p.state, p.time_ns, p.extra);
}
std::string whole(const Auction& a) {
  return fmt::format("auction,{},{},{},{},{},{},{},{},{},{}", a.id, a.item_name, a.description,
                     a.initial_bid, a.reserve, a.time_ns, a.expires_ns, a.seller, a.category,
                     a.extra);
}
std::string whole(const Bid& b) {
  return fmt::format("bid,{},{},{},{},{},{}", b.auction, b.bidder, b.price, b.channel, b.time_ns,
                     b.extra);
}

// A price in cents times 0.908, exact in thousandths of a cent.
std::int64_t euro(std::int64_t price) { return price * 908; }
std::string euro_text(std::int64_t price) {
  return fmt::format("{}.{:03}", euro(price) / 1000, euro(price) % 1000);
}

std::string time_type(std::int64_t time_ns) {
  const int hour = fmt::gmtime(static_cast<std::time_t>(time_ns / 1'000'000'000)).tm_hour;
  if (hour >= 8 && hour <= 18) {
    return "dayTime";
  }
  return hour <= 6 || hour >= 20 ? "nightTime" : "otherTime";
}

}  // namespace

std::vector<std::string> reference(int query, std::span<const Event> events) {
  const auto found = queries().find(query);
  if (found == queries().end()) {
    throw std::invalid_argument(fmt::format("nexmark: there is no reference for query {}", query));
  }
  Lines lines = found->second(events);
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<int> reference_queries() {
  std::vector<int> numbers;
  for (const auto& [number, function] : queries()) {
    numbers.push_back(number);
  }
  return numbers;
}

Lines passthrough(Events events) {
  Lines lines;
  for (const Event& event : events) {
    lines.push_back(std::visit([](const auto& body) { return whole(body); }, event));
  }
  return lines;
}

Lines currency(Events events) {
  Lines lines;
  for (const Bid* bid : all_of<Bid>(events)) {
    lines.push_back(fmt::format("{},{},{},{},{}", bid->auction, bid->bidder, euro_text(bid->price),
                                bid->time_ns, bid->extra));
  }
  return lines;
}

Lines selection(Events events) {
  Lines lines;
  for (const Bid* bid : all_of<Bid>(events)) {
    if (bid->auction % 123 == 0) {
      lines.push_back(fmt::format("{},{}", bid->auction, bid->price));
    }
  }
  return lines;
}

Lines side_input_join(Events events) {
  Lines lines;
  for (const Bid* bid : all_of<Bid>(events)) {
    lines.push_back(fmt::format("{},{},{},{},{}", bid->auction, bid->bidder, bid->price,
                                bid->time_ns, side_input(bid->auction % kSideInputRows)));
  }
  return lines;
}

Lines calculation(Events events) {
  Lines lines;
  for (const Bid* bid : all_of<Bid>(events)) {
    if (euro(bid->price) > 1'000'000'000 && euro(bid->price) < 50'000'000'000) {
      lines.push_back(fmt::format("{},{},{},{},{},{},{}", bid->auction, bid->bidder,
                                  euro_text(bid->price), time_type(bid->time_ns), bid->time_ns,
                                  bid->extra,
                                  std::count(bid->extra.begin(), bid->extra.end(), 'c')));
    }
  }
  return lines;
}

}  // namespace wallaroo::bench::nexmark
