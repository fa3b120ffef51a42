// Queries 0, 1, 2, 13 and 14, which look at one event at a time.
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "nexmark/queries.hpp"
#include "support/hash.hpp"

namespace wallaroo::bench::nexmark {

// The events themselves, in the namespace of their types.
static std::uint64_t digest_of(const Event& event) {
  return hash_number(static_cast<std::uint64_t>(time_of(event)));
}
static std::string line_of(const Event& event) {
  if (const auto* p = std::get_if<Person>(&event)) {
    return fmt::format("person,{},{},{},{},{},{},{},{}", p->id, p->name, p->email, p->credit_card,
                       p->city, p->state, p->time_ns, p->extra);
  }
  if (const auto* a = std::get_if<Auction>(&event)) {
    return fmt::format("auction,{},{},{},{},{},{},{},{},{},{}", a->id, a->item_name, a->description,
                       a->initial_bid, a->reserve, a->time_ns, a->expires_ns, a->seller,
                       a->category, a->extra);
  }
  const Bid& b = std::get<Bid>(event);
  return fmt::format("bid,{},{},{},{},{},{}", b.auction, b.bidder, b.price, b.channel, b.time_ns,
                     b.extra);
}

namespace {

// One dollar is 0.908 euro, so a result in thousandths of a cent is exact.
constexpr std::int64_t kEuroThousandths = 908;

std::string thousandths(std::int64_t amount) {
  return fmt::format("{}.{:03}", amount / 1000, amount % 1000);
}

struct EuroBid {
  std::uint64_t auction;
  std::uint64_t bidder;
  std::int64_t price_thousandths;
  std::int64_t time_ns;
  std::string extra;
};
std::uint64_t digest_of(const EuroBid& bid) {
  return hash_number(static_cast<std::uint64_t>(bid.time_ns ^ bid.price_thousandths));
}
std::string line_of(const EuroBid& bid) {
  return fmt::format("{},{},{},{},{}", bid.auction, bid.bidder, thousandths(bid.price_thousandths),
                     bid.time_ns, bid.extra);
}

std::optional<EuroBid> in_euro(Event&& event) {
  auto* const bid = std::get_if<Bid>(&event);
  if (bid == nullptr) {
    return std::nullopt;
  }
  return EuroBid{bid->auction, bid->bidder, bid->price * kEuroThousandths, bid->time_ns,
                 std::move(bid->extra)};
}

struct Selected {
  std::uint64_t auction;
  std::int64_t price;
};
std::uint64_t digest_of(const Selected& bid) {
  return hash_number(bid.auction ^ static_cast<std::uint64_t>(bid.price));
}
std::string line_of(const Selected& bid) { return fmt::format("{},{}", bid.auction, bid.price); }

struct EnrichedBid {
  std::uint64_t auction;
  std::uint64_t bidder;
  std::int64_t price;
  std::int64_t time_ns;
  std::string value;
};
std::uint64_t digest_of(const EnrichedBid& bid) {
  return hash_number(static_cast<std::uint64_t>(bid.time_ns)) ^ hash_text(bid.value);
}
std::string line_of(const EnrichedBid& bid) {
  return fmt::format("{},{},{},{},{}", bid.auction, bid.bidder, bid.price, bid.time_ns, bid.value);
}

enum class TimeType { day, night, other };

TimeType time_type(std::int64_t time_ns) {
  const std::int64_t hour = time_ns / 3'600'000'000'000 % 24;
  if (hour >= 8 && hour <= 18) {
    return TimeType::day;
  }
  return hour <= 6 || hour >= 20 ? TimeType::night : TimeType::other;
}

struct CalculatedBid {
  EuroBid bid;
  TimeType type;
  std::int64_t letters_c;
};
std::uint64_t digest_of(const CalculatedBid& calculated) {
  return digest_of(calculated.bid) +
         hash_number(static_cast<std::uint64_t>(calculated.letters_c) * 3 +
                     static_cast<std::uint64_t>(calculated.type));
}
std::string line_of(const CalculatedBid& calculated) {
  static constexpr const char* names[] = {"dayTime", "nightTime", "otherTime"};
  const EuroBid& bid = calculated.bid;
  return fmt::format("{},{},{},{},{},{},{}", bid.auction, bid.bidder,
                     thousandths(bid.price_thousandths), names[static_cast<int>(calculated.type)],
                     bid.time_ns, bid.extra, calculated.letters_c);
}

}  // namespace

void passthrough_query(Application& app, const Input& input, Results& results) {
  to_results(
      event_source(app, input).to("passthrough", [](Event&& event) { return std::move(event); }),
      results);
}

void currency_query(Application& app, const Input& input, Results& results) {
  to_results(event_source(app, input).to("euro", [](Event&& e) { return in_euro(std::move(e)); }),
             results);
}

void selection_query(Application& app, const Input& input, Results& results) {
  const auto select = [](const Event& event) -> std::optional<Selected> {
    const auto* const bid = std::get_if<Bid>(&event);
    if (bid == nullptr || bid->auction % 123 != 0) {
      return std::nullopt;
    }
    return Selected{bid->auction, bid->price};
  };
  to_results(event_source(app, input).to("select", select), results);
}

void side_input_query(Application& app, const Input& input, Results& results) {
  auto rows = std::make_shared<std::vector<std::string>>();
  for (std::uint64_t key = 0; key < kSideInputRows; ++key) {
    rows->push_back(side_input(key));
  }
  const auto enrich = [side = std::shared_ptr<const std::vector<std::string>>(std::move(rows))](
                          const Event& event) -> std::optional<EnrichedBid> {
    const auto* const bid = std::get_if<Bid>(&event);
    if (bid == nullptr) {
      return std::nullopt;
    }
    return EnrichedBid{bid->auction, bid->bidder, bid->price, bid->time_ns,
                       (*side)[bid->auction % kSideInputRows]};
  };
  to_results(event_source(app, input).to("enrich", enrich), results);
}

void calculation_query(Application& app, const Input& input, Results& results) {
  constexpr std::int64_t above = 1'000'000'000;
  constexpr std::int64_t below = 50'000'000'000;
  const auto calculate = [](EuroBid&& bid) -> std::optional<CalculatedBid> {
    if (bid.price_thousandths <= above || bid.price_thousandths >= below) {
      return std::nullopt;
    }
    const auto letters = std::count(bid.extra.begin(), bid.extra.end(), 'c');
    const TimeType type = time_type(bid.time_ns);
    return CalculatedBid{std::move(bid), type, letters};
  };
  to_results(event_source(app, input)
                 .to("euro", [](Event&& e) { return in_euro(std::move(e)); })
                 .to("calculate", calculate),
             results);
}

}  // namespace wallaroo::bench::nexmark
