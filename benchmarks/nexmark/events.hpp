// The events of an online auction, and a generator of them: Tucker, Tufte, Papadimos, Maier,
// "NEXMark - A Benchmark for Queries over Data Streams", with the proportions and constants of the
// generators of Apache Beam and Flink. (README.md lists them, and what is left out.)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "inputs/random.hpp"

namespace wallaroo::bench::nexmark {

// Times are nanoseconds since the Unix epoch, prices are in cents.
struct Person {
  std::uint64_t id = 0;
  std::string name = {};
  std::string email = {};
  std::string credit_card = {};
  std::string city = {};
  std::string state = {};
  std::int64_t time_ns = 0;
  std::string extra = {};
  friend bool operator==(const Person&, const Person&) = default;
};

struct Auction {
  std::uint64_t id = 0;
  std::string item_name = {};
  std::string description = {};
  std::int64_t initial_bid = 0;
  std::int64_t reserve = 0;
  std::int64_t time_ns = 0;
  std::int64_t expires_ns = 0;
  std::uint64_t seller = 0;
  std::uint64_t category = 0;
  std::string extra = {};
  friend bool operator==(const Auction&, const Auction&) = default;
};

struct Bid {
  std::uint64_t auction = 0;
  std::uint64_t bidder = 0;
  std::int64_t price = 0;
  std::string channel = {};
  std::int64_t time_ns = 0;
  std::string extra = {};
  friend bool operator==(const Bid&, const Bid&) = default;
};

using Event = std::variant<Person, Auction, Bid>;

inline std::int64_t time_of(const Event& event) {
  return std::visit([](const auto& body) { return body.time_ns; }, event);
}

inline constexpr std::uint64_t kEventsPerEpoch = 50;  // of which
inline constexpr std::uint64_t kPersonsPerEpoch = 1;
inline constexpr std::uint64_t kAuctionsPerEpoch = 3;

inline constexpr std::uint64_t kFirstId = 1000;  // of persons and of auctions
inline constexpr std::uint64_t kFirstCategory = 10;
inline constexpr std::uint64_t kCategories = 5;

// An auction names as its seller, and a bid as its bidder or auction, one of the newest this many,
// or one of the next `kLead`, which are yet to come.
inline constexpr std::uint64_t kActivePersons = 1000;
inline constexpr std::uint64_t kOpenAuctions = 100;
inline constexpr std::uint64_t kLead = 10;

// Persons (auctions) come in groups of this size. The first of the newest group is the hot seller
// (auction), the second the hot bidder.
inline constexpr std::uint64_t kHotEvery = 100;
// One in this many is not hot.
inline constexpr std::uint64_t kHotAuctionRatio = 2;
inline constexpr std::uint64_t kHotSellerRatio = 4;
inline constexpr std::uint64_t kHotBidderRatio = 4;
inline constexpr std::uint64_t kHotChannelRatio = 2;

struct Config {
  std::uint64_t seed = 1;
  std::int64_t base_time_ns = 1'436'918'400'000'000'000;  // 2015-07-15T00:00:00Z
  std::int64_t delay_ns = 100'000;  // between two events: 10,000 of them in a second
  // Events come in groups of this size, and within a group in an order that is not that of their
  // times; with 1 all are in order. No event is later than this many delays.
  std::uint64_t disorder = 1;
};

/// Event `index` is a function of the index and the configuration alone.
class Generator {
 public:
  /// Throws std::invalid_argument when the delay is not positive, or the disorder is 0 or a
  /// multiple of 953, with which the events of a group would not be permuted.
  explicit Generator(const Config& config);

  Event operator()(std::uint64_t index) const;

 private:
  std::int64_t time_ns(std::uint64_t number) const;
  Person person(std::uint64_t number, Random& random) const;
  Auction auction(std::uint64_t number, Random& random) const;
  Bid bid(std::uint64_t number, Random& random) const;
  std::string text(Random& random, std::uint64_t length) const;
  std::string extra(Random& random, std::uint64_t used, std::uint64_t average) const;

  Config config_;
  // Texts are slices of this one, so that making an event costs little more than copying its bytes.
  std::shared_ptr<const std::string> letters_;
};

/// Row `key` of the bounded side input of query 13.
inline constexpr std::uint64_t kSideInputRows = 10'000;
std::string side_input(std::uint64_t key);

std::vector<Event> make_events(const Config& config, std::uint64_t count);

}  // namespace wallaroo::bench::nexmark
