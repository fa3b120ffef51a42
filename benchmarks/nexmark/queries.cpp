#include "nexmark/queries.hpp"

#include <array>

namespace wallaroo::bench::nexmark {

std::span<const Query> queries() {
  static constexpr std::array all{
      Query{0, passthrough_query}, Query{1, currency_query},    Query{2, selection_query},
      Query{3, local_items_query}, Query{13, side_input_query}, Query{14, calculation_query},
      Query{17, statistics_query}, Query{18, last_bid_query},   Query{20, expanded_bid_query},
  };
  return all;
}

}  // namespace wallaroo::bench::nexmark
