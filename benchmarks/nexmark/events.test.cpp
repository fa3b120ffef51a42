#include "nexmark/events.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

namespace wallaroo::bench::nexmark {
namespace {

constexpr std::uint64_t kCount = 100'000;

template <class Body>
std::vector<Body> bodies(const std::vector<Event>& events) {
  std::vector<Body> found;
  for (const Event& event : events) {
    if (const auto* body = std::get_if<Body>(&event)) {
      found.push_back(*body);
    }
  }
  return found;
}

template <class Items, class Predicate>
double share(const Items& items, Predicate predicate) {
  return static_cast<double>(std::count_if(items.begin(), items.end(), predicate)) /
         static_cast<double>(items.size());
}

const std::vector<Event>& in_order() {
  static const std::vector<Event> events = make_events({}, kCount);
  return events;
}

TEST(Generator, OfFiftyEventsOneIsAPersonThreeAreAuctionsAndTheOthersBids) {
  EXPECT_EQ(bodies<Person>(in_order()).size(), kCount / 50);
  EXPECT_EQ(bodies<Auction>(in_order()).size(), kCount / 50 * 3);
  EXPECT_EQ(bodies<Bid>(in_order()).size(), kCount / 50 * 46);
}

TEST(Generator, AnEventDependsOnItsIndexAndTheConfigurationAlone) {
  const Generator one({}), other({});
  for (const std::uint64_t index : {99'999U, 0U, 1U, 77U, 49'150U}) {
    EXPECT_EQ(one(index), in_order()[index]);
    EXPECT_EQ(other(index), in_order()[index]);
  }
}

TEST(Generator, AnotherSeedMakesOtherEventsWithTheSameTimes) {
  const Generator other({.seed = 2});
  std::size_t different = 0;
  for (std::uint64_t index = 0; index < 1000; ++index) {
    EXPECT_EQ(time_of(other(index)), time_of(in_order()[index]));
    different += other(index) == in_order()[index] ? 0 : 1;
  }
  EXPECT_EQ(different, 1000U);
}

TEST(Generator, TimesAreAConstantDelayApart) {
  const Generator generator({.base_time_ns = 5, .delay_ns = 7});
  for (std::uint64_t index = 0; index < 200; ++index) {
    EXPECT_EQ(time_of(generator(index)), 5 + 7 * static_cast<std::int64_t>(index));
  }
}

TEST(Generator, DisorderPermutesTheEventsOfEachGroup) {
  constexpr std::uint64_t group = 100;
  const auto events = make_events({.disorder = group}, kCount);
  EXPECT_FALSE(std::is_sorted(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return time_of(a) < time_of(b);
  }));
  for (std::uint64_t first = 0; first < kCount; first += group) {
    const auto of = [&](const std::vector<Event>& all) {
      std::vector<Event> found(all.begin() + static_cast<std::ptrdiff_t>(first),
                               all.begin() + static_cast<std::ptrdiff_t>(first + group));
      std::sort(found.begin(), found.end(),
                [](const Event& a, const Event& b) { return time_of(a) < time_of(b); });
      return found;
    };
    ASSERT_EQ(of(events), of(in_order())) << "group at " << first;
  }
}

TEST(Generator, IdsOfPersonsAndOfAuctionsCountUpFrom1000) {
  std::uint64_t next = 1000;
  for (const Person& person : bodies<Person>(in_order())) {
    ASSERT_EQ(person.id, next++);
  }
  next = 1000;
  for (const Auction& auction : bodies<Auction>(in_order())) {
    ASSERT_EQ(auction.id, next++);
  }
}

// Events may name up to `kLead` persons or auctions that do not exist yet, and none older than the
// active ones except hot ones.
TEST(Generator, ReferencesAreToTheNewestPersonsAndAuctionsOrTheNextTen) {
  std::uint64_t person = 999, auction = 999;
  for (const Event& event : in_order()) {
    if (const auto* made = std::get_if<Person>(&event)) {
      person = made->id;
    } else if (const auto* offer = std::get_if<Auction>(&event)) {
      auction = offer->id;
      ASSERT_LE(offer->seller, person + kLead);
      ASSERT_GE(offer->seller, std::max<std::uint64_t>(person, 1999) - 999);
    } else {
      const Bid& bid = std::get<Bid>(event);
      ASSERT_LE(bid.bidder, person + kLead);
      ASSERT_GE(bid.bidder, std::max<std::uint64_t>(person, 1999) - 999);
      ASSERT_LE(bid.auction, auction + kLead);
      ASSERT_GE(bid.auction, std::max<std::uint64_t>(auction, 1100) - 100);
    }
  }
}

TEST(Generator, HalfOfTheBidsGoToHotAuctionsAndThreeQuartersOfBothSidesAreHotPersons) {
  const auto bids = bodies<Bid>(in_order());
  const auto auctions = bodies<Auction>(in_order());
  EXPECT_NEAR(share(bids, [](const Bid& bid) { return bid.auction % 100 == 0; }), 0.505, 0.01);
  EXPECT_NEAR(share(bids, [](const Bid& bid) { return bid.bidder % 100 == 1; }), 0.7525, 0.01);
  EXPECT_NEAR(share(auctions, [](const Auction& a) { return a.seller % 100 == 0; }), 0.7525, 0.02);
}

TEST(Generator, ThereAreFiveCategoriesAndSixStatesOfEqualChance) {
  std::map<std::uint64_t, double> categories;
  const auto auctions = bodies<Auction>(in_order());
  for (const Auction& auction : auctions) {
    categories[auction.category] += 1.0 / static_cast<double>(auctions.size());
  }
  ASSERT_EQ(categories.size(), kCategories);
  for (std::uint64_t category = 10; category < 15; ++category) {
    EXPECT_NEAR(categories[category], 0.2, 0.03);
  }
  std::set<std::string> states;
  for (const Person& person : bodies<Person>(in_order())) {
    states.insert(person.state);
  }
  EXPECT_EQ(states, (std::set<std::string>{"AZ", "CA", "ID", "OR", "WA", "WY"}));
}

TEST(Generator, PricesHaveEveryMagnitudeFromOneDollarToAMillionAlike) {
  const auto bids = bodies<Bid>(in_order());
  for (std::int64_t least = 100; least < 100'000'000; least *= 10) {
    EXPECT_NEAR(
        share(bids, [&](const Bid& bid) { return bid.price >= least && bid.price < 10 * least; }),
        1.0 / 6, 0.01);
  }
}

TEST(Generator, AuctionsAreOpenForAsLongAsAHundredOthersTakeToBegin) {
  const auto auctions = bodies<Auction>(in_order());
  double sum_ns = 0;
  for (const Auction& auction : auctions) {
    ASSERT_GT(auction.expires_ns, auction.time_ns);
    sum_ns += static_cast<double>(auction.expires_ns - auction.time_ns);
  }
  EXPECT_NEAR(sum_ns / static_cast<double>(auctions.size()), 1666 * 100'000 + 1'000'000, 5e6);
}

TEST(Generator, EventsHaveTheirAverageSizes) {
  double bytes = 0;
  const auto bids = bodies<Bid>(in_order());
  for (const Bid& bid : bids) {
    bytes += 32.0 + static_cast<double>(bid.extra.size());
  }
  EXPECT_NEAR(bytes / static_cast<double>(bids.size()), 100, 1);
}

TEST(Generator, AConfigurationThatCannotBeIsRefused) {
  EXPECT_THROW(Generator({.delay_ns = 0}), std::invalid_argument);
  EXPECT_THROW(Generator({.disorder = 0}), std::invalid_argument);
  EXPECT_THROW(Generator({.disorder = 1906}), std::invalid_argument);
}

}  // namespace
}  // namespace wallaroo::bench::nexmark
