// The queries as applications of wallaroo: each function describes one pipeline, from the generator
// to `results`. README.md defines what they give.
#pragma once

#include <cstdint>
#include <span>

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

/// Those that are there, in order.
std::span<const Query> queries();

inline auto event_source(Application& app, const Input& input) {
  return app.source("events", generator_source({.count = input.events,
                                                .partitions = static_cast<int>(input.partitions)},
                                               Generator(input.config)));
}

void passthrough_query(Application& app, const Input& input, Results& results);   // 0
void currency_query(Application& app, const Input& input, Results& results);      // 1
void selection_query(Application& app, const Input& input, Results& results);     // 2
void local_items_query(Application& app, const Input& input, Results& results);   // 3
void side_input_query(Application& app, const Input& input, Results& results);    // 13
void calculation_query(Application& app, const Input& input, Results& results);   // 14
void statistics_query(Application& app, const Input& input, Results& results);    // 17
void last_bid_query(Application& app, const Input& input, Results& results);      // 18
void expanded_bid_query(Application& app, const Input& input, Results& results);  // 20

}  // namespace wallaroo::bench::nexmark
