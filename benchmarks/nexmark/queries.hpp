// The queries as applications of wallaroo: each function describes one pipeline, from the generator
// to `results`. README.md defines their results.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include <wallaroo/wallaroo.hpp>

#include "nexmark/events.hpp"
#include "nexmark/results.hpp"

namespace wallaroo::bench::nexmark {

struct Input {
  Config config;
  std::uint64_t events = 0;
  unsigned partitions = 1;
};

struct Query {
  int number;
  void (*describe)(Application&, const Input&, Results&);
};

/// The numbers of all queries, in order.
std::span<const Query> queries();

inline auto event_source(Application& app, const Input& input) {
  return app.source("events", generator_source({.count = input.events,
                                                .partitions = static_cast<int>(input.partitions)},
                                               Generator(input.config)));
}

/// The same source with event time. No record is late, and nothing depends on how fast the machine
/// is: a partition that is held up is waited for.
inline auto timed_event_source(Application& app, const Input& input) {
  const auto delays = static_cast<std::int64_t>(input.config.disorder - 1);
  EventTimeOptions times =
      bounded_lateness(std::chrono::nanoseconds(delays * input.config.delay_ns));
  times.idle_after = std::chrono::nanoseconds(0);
  return event_source(app, input).event_time("time", time_of, times);
}

inline std::optional<Bid> bid_of(Event&& event) {
  auto* const bid = std::get_if<Bid>(&event);
  return bid == nullptr ? std::nullopt : std::optional(std::move(*bid));
}

void passthrough_query(Application& app, const Input& input, Results& results);          // 0
void currency_query(Application& app, const Input& input, Results& results);             // 1
void selection_query(Application& app, const Input& input, Results& results);            // 2
void local_items_query(Application& app, const Input& input, Results& results);          // 3
void average_by_category_query(Application& app, const Input& input, Results& results);  // 4
void hot_items_query(Application& app, const Input& input, Results& results);            // 5
void average_by_seller_query(Application& app, const Input& input, Results& results);    // 6
void highest_bid_query(Application& app, const Input& input, Results& results);          // 7
void new_sellers_query(Application& app, const Input& input, Results& results);          // 8
void winning_bids_query(Application& app, const Input& input, Results& results);         // 9
void bidder_sessions_query(Application& app, const Input& input, Results& results);      // 11
void bidder_windows_query(Application& app, const Input& input, Results& results);       // 12
void side_input_query(Application& app, const Input& input, Results& results);           // 13
void calculation_query(Application& app, const Input& input, Results& results);          // 14
void channels_query(Application& app, const Input& input, Results& results);             // 16
void statistics_query(Application& app, const Input& input, Results& results);           // 17
void last_bid_query(Application& app, const Input& input, Results& results);             // 18
void top_bids_query(Application& app, const Input& input, Results& results);             // 19
void expanded_bid_query(Application& app, const Input& input, Results& results);         // 20

}  // namespace wallaroo::bench::nexmark
