// Each query on a handful of events whose result is easy to see.
#include "nexmark/reference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

namespace wallaroo::bench::nexmark {
namespace {

using Lines = std::vector<std::string>;

constexpr std::int64_t kSecond = 1'000'000'000;

Event person(std::uint64_t id, const std::string& state, std::int64_t second = 0) {
  return Person{.id = id,
                .name = "P" + std::to_string(id),
                .city = "Bend",
                .state = state,
                .time_ns = second * kSecond};
}
Event auction(std::uint64_t id, std::uint64_t seller, std::uint64_t category, std::int64_t from = 0,
              std::int64_t to = 0) {
  return Auction{.id = id,
                 .time_ns = from * kSecond,
                 .expires_ns = to * kSecond,
                 .seller = seller,
                 .category = category};
}
Event bid(std::uint64_t auction_id, std::uint64_t bidder, std::int64_t price,
          std::int64_t second = 0) {
  return Bid{.auction = auction_id,
             .bidder = bidder,
             .price = price,
             .channel = "c",
             .time_ns = second * kSecond,
             .extra = "x"};
}

Lines lines(int query, std::vector<Event> events) {
  Lines found = reference(query, events);
  std::reverse(events.begin(), events.end());
  EXPECT_EQ(reference(query, events), found) << "depends on the order of the events";
  return found;
}

TEST(Reference, Query0GivesEveryEvent) {
  EXPECT_EQ(lines(0, {bid(1, 2, 3), person(5, "OR"), auction(7, 5, 10)}),
            (Lines{"auction,7,,,0,0,0,0,5,10,", "bid,1,2,3,c,0,x", "person,5,P5,,,Bend,OR,0,"}));
}

TEST(Reference, Query1GivesPricesInEuroExactly) {
  EXPECT_EQ(lines(1, {bid(1, 2, 1000), bid(1, 3, 1), person(1, "OR")}),
            (Lines{"1,2,908.000,0,x", "1,3,0.908,0,x"}));
}

TEST(Reference, Query2SelectsEvery123rdAuction) {
  EXPECT_EQ(lines(2, {bid(123, 1, 5), bid(124, 1, 6), bid(246, 1, 7)}), (Lines{"123,5", "246,7"}));
}

TEST(Reference, Query3GivesItemsOfCategory10OfSellersInThreeStates) {
  EXPECT_EQ(lines(3, {person(1, "OR"), person(2, "WA"), auction(7, 1, 10), auction(8, 1, 11),
                      auction(9, 2, 10), auction(10, 3, 10)}),
            (Lines{"P1,Bend,OR,7"}));
}

const std::vector<Event>& closed_auctions() {
  static const std::vector<Event> events{
      auction(1, 50, 10, 0, 10), auction(2, 50, 10, 0, 20),
      auction(3, 51, 11, 5, 20), bid(1, 60, 100, 0),  // at the first moment
      bid(1, 61, 300, 11),                            // late
      bid(1, 62, 200, 10),       bid(1, 63, 200, 9),  // equal: the earlier wins
      bid(2, 60, 501, 20),                            // at the last moment
      bid(3, 60, 70, 4),                              // early
      bid(9, 60, 1, 1)};                              // for an auction that does not exist
  return events;
}

TEST(Reference, Query4GivesTheAverageWinningPriceOfEachCategory) {
  EXPECT_EQ(lines(4, closed_auctions()), (Lines{"10,350"}));
}

TEST(Reference, Query9GivesTheHighestBidWhileTheAuctionWasOpenTheEarliestOfEqualOnes) {
  EXPECT_EQ(lines(9, closed_auctions()), (Lines{"1,50,10,10000000000,63,200,9000000000",
                                                "2,50,10,20000000000,60,501,20000000000"}));
}

TEST(Reference, Query6GivesTheAverageOfTheLastTenAuctionsOfASellerToClose) {
  std::vector<Event> events;
  for (std::uint64_t i = 1; i <= 11; ++i) {
    const auto closes = static_cast<std::int64_t>(100 - i);  // the first is the last to close
    events.push_back(auction(i, 50, 10, 0, closes));
    events.push_back(bid(i, 60, static_cast<std::int64_t>(i), 1));
  }
  events.push_back(auction(20, 51, 10, 0, 9));
  EXPECT_EQ(lines(6, events), (Lines{"50,5"}));
}

TEST(Reference, Query5GivesTheHottestAuctionsOfEachSlidingWindow) {
  // The bids at 11 are in [2,12) .. [10,20), the one at 12 in [4,14) .. [12,22).
  EXPECT_EQ(lines(5, {bid(1, 1, 1, 11), bid(2, 1, 1, 11), bid(2, 1, 1, 12)}),
            (Lines{"12000000000,1,1", "12000000000,2,1", "14000000000,2,2", "16000000000,2,2",
                   "18000000000,2,2", "20000000000,2,2", "22000000000,2,1"}));
}

TEST(Reference, Query7GivesAllHighestBidsOfEachWindow) {
  EXPECT_EQ(lines(7, {bid(1, 1, 5, 0), bid(2, 1, 5, 9), bid(3, 1, 4, 1), bid(4, 1, 1, 10)}),
            (Lines{"10000000000,1,1,5,0,x", "10000000000,2,1,5,9000000000,x",
                   "20000000000,4,1,1,10000000000,x"}));
}

TEST(Reference, Query8GivesPersonsWhoSellInTheWindowInWhichTheyCame) {
  EXPECT_EQ(lines(8, {person(1, "OR", 11), auction(5, 1, 10, 19), auction(6, 1, 10, 12),
                      person(2, "OR", 9), auction(7, 2, 10, 10)}),
            (Lines{"1,P1,10000000000"}));
}

TEST(Reference, Query11CutsSessionsWhereBidsAreTenSecondsApart) {
  EXPECT_EQ(
      lines(11, {bid(1, 1, 1, 0), bid(1, 1, 1, 9), bid(1, 1, 1, 19), bid(1, 2, 1, 5)}),
      (Lines{"1,0,19000000000,2", "1,19000000000,29000000000,1", "2,5000000000,15000000000,1"}));
}

TEST(Reference, Query12CountsBidsOfEachBidderInTumblingWindows) {
  EXPECT_EQ(lines(12, {bid(1, 1, 1, 0), bid(1, 1, 1, 9), bid(1, 1, 1, 10), bid(1, 2, 1, 5)}),
            (Lines{"1,0,10000000000,2", "1,10000000000,20000000000,1", "2,0,10000000000,1"}));
}

TEST(Reference, Query13JoinsTheRowOfTheAuctionsNumber) {
  EXPECT_EQ(lines(13, {bid(10'005, 1, 2)}), (Lines{"10005,1,2,0," + side_input(5)}));
}

TEST(Reference, Query14KeepsPricesWithinBoundsAndNamesTheTimeOfDay) {
  std::vector<Event> events{bid(1, 1, 1'000'000, 0), bid(1, 2, 2'000'000, 7 * 3600),
                            bid(1, 3, 2'000'000, 8 * 3600), bid(1, 4, 2'000'000, 0),
                            bid(1, 5, 60'000'000, 0)};
  std::get<Bid>(events[3]).extra = "cxcc";
  EXPECT_EQ(lines(14, events), (Lines{"1,2,1816000.000,otherTime,25200000000000,x,0",
                                      "1,3,1816000.000,dayTime,28800000000000,x,0",
                                      "1,4,1816000.000,nightTime,0,cxcc,3"}));
}

TEST(Reference, Query16CountsBidsAndDistinctBiddersAndAuctionsByRankOfPrice) {
  EXPECT_EQ(lines(16, {bid(1, 1, 1, 0), bid(1, 1, 2, 60), bid(2, 3, 10'000, 5),
                       bid(1, 3, 1'000'000, 0), bid(1, 1, 1, 86'400)}),
            (Lines{"c,1970-01-01,00:01,4,2,1,1,2,1,1,1,2,1,1,1",
                   "c,1970-01-02,00:00,1,1,0,0,1,1,0,0,1,1,0,0"}));
}

TEST(Reference, Query17GivesTheTotalsOfAnAuctionsDay) {
  EXPECT_EQ(lines(17, {bid(1, 1, 9'999), bid(1, 1, 10'000), bid(1, 1, 2'000'000),
                       bid(1, 1, 4, 86'400), bid(2, 1, 3)}),
            (Lines{"1,1970-01-01,3,1,1,1,9999,2000000,673333,2019999",
                   "1,1970-01-02,1,1,0,0,4,4,4,4", "2,1970-01-01,1,1,0,0,3,3,3,3"}));
}

TEST(Reference, Query18GivesTheLastBidOfABidderForAnAuction) {
  EXPECT_EQ(lines(18, {bid(1, 1, 5, 1), bid(1, 1, 4, 2), bid(1, 2, 3, 1), bid(2, 1, 9, 0)}),
            (Lines{"1,1,4,c,2000000000,x", "1,2,3,c,1000000000,x", "2,1,9,c,0,x"}));
}

TEST(Reference, Query19GivesTheTenHighestBidsOfAnAuctionTheEarliestOfEqualOnesFirst) {
  std::vector<Event> events;
  for (std::int64_t i = 1; i <= 12; ++i) {
    events.push_back(bid(1, 1, i == 12 ? 11 : i, i));
  }
  const Lines found = lines(19, events);
  ASSERT_EQ(found.size(), 10U);
  EXPECT_EQ(std::count(found.begin(), found.end(), "1,1,11,c,11000000000,x,1"), 1);
  EXPECT_EQ(std::count(found.begin(), found.end(), "1,1,11,c,12000000000,x,2"), 1);
  EXPECT_EQ(std::count(found.begin(), found.end(), "1,1,3,c,3000000000,x,10"), 1);
}

TEST(Reference, Query20JoinsBidsWithAuctionsOfCategory10) {
  EXPECT_EQ(lines(20, {bid(1, 2, 3, 1), auction(1, 5, 10, 2, 4), bid(2, 2, 3), auction(2, 5, 11)}),
            (Lines{"1,2,3,c,1000000000,x,,,0,0,2000000000,4000000000,5,10,"}));
}

TEST(Reference, AQueryWithoutOneIsRefused) {
  EXPECT_THROW(reference(10, {}), std::invalid_argument);
  for (const int query : reference_queries()) {
    EXPECT_TRUE(reference(query, {}).empty());
  }
}

}  // namespace
}  // namespace wallaroo::bench::nexmark
