#include "nexmark/events.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "support/hash.hpp"

namespace wallaroo::bench::nexmark {
namespace {

using namespace std::string_view_literals;

constexpr std::array kStates{"AZ"sv, "CA"sv, "ID"sv, "OR"sv, "WA"sv, "WY"sv};
constexpr std::array kCities{"Phoenix"sv,  "Los Angeles"sv, "San Francisco"sv, "Boise"sv,
                             "Portland"sv, "Bend"sv,        "Redmond"sv,       "Seattle"sv,
                             "Kent"sv,     "Cheyenne"sv};
constexpr std::array kFirstNames{"Peter"sv, "Paul"sv,  "Luke"sv,  "John"sv,   "Saul"sv,  "Vicky"sv,
                                 "Kate"sv,  "Julie"sv, "Sarah"sv, "Deiter"sv, "Walter"sv};
constexpr std::array kLastNames{"Shultz"sv, "Abrams"sv, "Spencer"sv, "White"sv, "Bartels"sv,
                                "Walton"sv, "Smith"sv,  "Jones"sv,   "Noris"sv};
constexpr std::array kHotChannels{"Google"sv, "Facebook"sv, "Baidu"sv, "Apple"sv};
constexpr std::uint64_t kChannels = 10'000;

// Average bytes of an event, `extra` included.
constexpr std::uint64_t kPersonBytes = 200;
constexpr std::uint64_t kAuctionBytes = 500;
constexpr std::uint64_t kBidBytes = 100;
constexpr std::uint64_t kNumberBytes = 8;

constexpr std::uint64_t kDisorderStep = 953;
constexpr std::size_t kLetters = 1 << 16;

std::shared_ptr<const std::string> make_letters(std::uint64_t seed) {
  Random random(seed);
  std::string letters(kLetters, ' ');
  for (char& letter : letters) {
    letter = static_cast<char>('a' + random.below(26));
  }
  return std::make_shared<const std::string>(std::move(letters));
}

template <std::size_t N>
std::string_view one_of(const std::array<std::string_view, N>& names, Random& random) {
  return names[random.below(N)];
}

// The newest person at the time of event `number`. Persons, and auctions below, are counted from 0.
std::uint64_t last_person(std::uint64_t number) { return number / kEventsPerEpoch; }

// For auctions and bids. There are no bids before the first auction.
std::uint64_t last_auction(std::uint64_t number) {
  const std::uint64_t in_epoch = number % kEventsPerEpoch - kPersonsPerEpoch;
  return number / kEventsPerEpoch * kAuctionsPerEpoch + std::min(in_epoch, kAuctionsPerEpoch - 1);
}

std::uint64_t active_person(std::uint64_t number, Random& random) {
  const std::uint64_t persons = last_person(number) + 1;
  const std::uint64_t active = std::min(persons, kActivePersons);
  return persons - active + random.below(active + kLead);
}

std::uint64_t open_auction(std::uint64_t number, Random& random) {
  const std::uint64_t last = last_auction(number);
  const std::uint64_t first = last - std::min(last, kOpenAuctions);
  return first + random.below(last - first + 1 + kLead);
}

std::uint64_t hot(std::uint64_t last) { return last / kHotEvery * kHotEvery; }

// One cent to ten thousand, each power of ten as likely as the others, times one hundred.
std::int64_t price(Random& random) {
  return std::llround(std::pow(10.0, random.unit() * 6.0) * 100.0);
}

std::string credit_card(Random& random) {
  const auto four = [&] { return random.below(10'000); };
  const auto a = four(), b = four(), c = four(), d = four();
  return fmt::format("{:04} {:04} {:04} {:04}", a, b, c, d);
}

std::string channel(Random& random) {
  if (random.below(kHotChannelRatio) != 0) {
    return std::string(one_of(kHotChannels, random));
  }
  return fmt::format(FMT_STRING("channel-{}"), random.below(kChannels));
}

std::uint64_t word_length(Random& random, std::uint64_t most) { return 3 + random.below(most - 2); }

}  // namespace

Generator::Generator(const Config& config) : config_(config), letters_(make_letters(config.seed)) {
  if (config.delay_ns <= 0) {
    throw std::invalid_argument(fmt::format(
        "nexmark: the delay between events is {} ns; it must be positive", config.delay_ns));
  }
  if (config.disorder % kDisorderStep == 0) {
    throw std::invalid_argument(
        fmt::format("nexmark: the disorder is {}; it must be neither 0 nor a multiple of {}",
                    config.disorder, kDisorderStep));
  }
}

Event Generator::operator()(std::uint64_t index) const {
  const std::uint64_t group = config_.disorder;
  const std::uint64_t number = index / group * group + index * kDisorderStep % group;
  Random random(hash_number(config_.seed + (number << 8)));
  const std::uint64_t in_epoch = number % kEventsPerEpoch;
  if (in_epoch < kPersonsPerEpoch) {
    return person(number, random);
  }
  if (in_epoch < kPersonsPerEpoch + kAuctionsPerEpoch) {
    return auction(number, random);
  }
  return bid(number, random);
}

std::int64_t Generator::time_ns(std::uint64_t number) const {
  return config_.base_time_ns + static_cast<std::int64_t>(number) * config_.delay_ns;
}

Person Generator::person(std::uint64_t number, Random& random) const {
  Person made;
  made.id = kFirstId + last_person(number);
  made.name = one_of(kFirstNames, random);
  made.name.append(" ").append(one_of(kLastNames, random));
  made.email = text(random, word_length(random, 7)) + "@";
  made.email += text(random, word_length(random, 5)) + ".com";
  made.credit_card = credit_card(random);
  made.city = one_of(kCities, random);
  made.state = one_of(kStates, random);
  made.time_ns = time_ns(number);
  made.extra = extra(random,
                     kNumberBytes + made.name.size() + made.email.size() + made.credit_card.size() +
                         made.city.size() + made.state.size(),
                     kPersonBytes);
  return made;
}

Auction Generator::auction(std::uint64_t number, Random& random) const {
  Auction made;
  made.id = kFirstId + last_auction(number);
  made.seller = kFirstId + (random.below(kHotSellerRatio) != 0 ? hot(last_person(number))
                                                               : active_person(number, random));
  made.category = kFirstCategory + random.below(kCategories);
  made.initial_bid = price(random);
  made.reserve = made.initial_bid + price(random);
  made.time_ns = time_ns(number);
  // On average an auction is open until as many have followed as should be open at a time.
  constexpr std::uint64_t events_until = kOpenAuctions * kEventsPerEpoch / kAuctionsPerEpoch;
  const double horizon_ns =
      static_cast<double>(events_until) * static_cast<double>(config_.delay_ns);
  made.expires_ns =
      made.time_ns + 1'000'000 + static_cast<std::int64_t>(random.unit() * 2.0 * horizon_ns);
  made.item_name = text(random, word_length(random, 20));
  made.description = text(random, word_length(random, 100));
  made.extra = extra(random, 6 * kNumberBytes + made.item_name.size() + made.description.size(),
                     kAuctionBytes);
  return made;
}

Bid Generator::bid(std::uint64_t number, Random& random) const {
  Bid made;
  made.auction = kFirstId + (random.below(kHotAuctionRatio) != 0 ? hot(last_auction(number))
                                                                 : open_auction(number, random));
  made.bidder = kFirstId + (random.below(kHotBidderRatio) != 0 ? hot(last_person(number)) + 1
                                                               : active_person(number, random));
  made.price = price(random);
  made.channel = channel(random);
  made.time_ns = time_ns(number);
  made.extra = extra(random, 4 * kNumberBytes, kBidBytes);
  return made;
}

std::string Generator::text(Random& random, std::uint64_t length) const {
  return letters_->substr(random.below(letters_->size() - length), length);
}

// Fills the event up to the average size, plus or minus a fifth.
std::string Generator::extra(Random& random, std::uint64_t used, std::uint64_t average) const {
  const std::uint64_t missing = average - std::min(used, average);
  const std::uint64_t fifth = missing / 5;
  return text(random, missing - fifth + random.below(2 * fifth + 1));
}

std::string side_input(std::uint64_t key) {
  return fmt::format("value-{}", hash_number(key) % kSideInputRows);
}

std::vector<Event> make_events(const Config& config, std::uint64_t count) {
  const Generator generator(config);
  std::vector<Event> events;
  events.reserve(count);
  for (std::uint64_t index = 0; index < count; ++index) {
    events.push_back(generator(index));
  }
  return events;
}

}  // namespace wallaroo::bench::nexmark
