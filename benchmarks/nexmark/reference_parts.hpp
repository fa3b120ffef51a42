// The parts of reference.cpp: one function for each query.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "nexmark/events.hpp"

namespace wallaroo::bench::nexmark {

using Events = std::span<const Event>;
using Lines = std::vector<std::string>;  // in any order

template <class Body>
std::vector<const Body*> all_of(Events events) {
  std::vector<const Body*> found;
  for (const Event& event : events) {
    if (const auto* body = std::get_if<Body>(&event)) {
      found.push_back(body);
    }
  }
  return found;
}

// The beginning of the tumbling window of this size that holds the time.
inline std::int64_t window_start(std::int64_t time_ns, std::int64_t size_ns) {
  return time_ns - time_ns % size_ns;
}

struct Won {
  const Auction* auction;
  const Bid* bid;
};
// The highest bid of each auction that has one while it was open, in the order of auctions' ids.
std::vector<Won> winning_bids(Events events);

Lines passthrough(Events events);      // 0
Lines currency(Events events);         // 1
Lines selection(Events events);        // 2
Lines side_input_join(Events events);  // 13
Lines calculation(Events events);      // 14

Lines local_items(Events events);          // 3
Lines average_by_category(Events events);  // 4
Lines average_by_seller(Events events);    // 6
Lines winners(Events events);              // 9
Lines expanded_bids(Events events);        // 20

Lines hot_items(Events events);        // 5
Lines highest_bids(Events events);     // 7
Lines new_sellers(Events events);      // 8
Lines bidder_sessions(Events events);  // 11
Lines bidder_windows(Events events);   // 12

Lines channel_statistics(Events events);  // 16
Lines auction_statistics(Events events);  // 17
Lines last_bids(Events events);           // 18
Lines top_bids(Events events);            // 19

}  // namespace wallaroo::bench::nexmark
