#include "nexmark/queries.hpp"

#include <array>

namespace wallaroo::bench::nexmark {

std::span<const Query> queries() {
  static constexpr std::array all{
      Query{0, passthrough_query},         Query{1, currency_query},
      Query{2, selection_query},           Query{3, local_items_query},
      Query{4, average_by_category_query}, Query{5, hot_items_query},
      Query{6, average_by_seller_query},   Query{7, highest_bid_query},
      Query{8, new_sellers_query},         Query{9, winning_bids_query},
      Query{11, bidder_sessions_query},    Query{12, bidder_windows_query},
      Query{13, side_input_query},         Query{14, calculation_query},
      Query{16, channels_query},           Query{17, statistics_query},
      Query{18, last_bid_query},           Query{19, top_bids_query},
      Query{20, expanded_bid_query},
  };
  return all;
}

}  // namespace wallaroo::bench::nexmark
