#include <wallaroo/aggregation.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

struct Trade {
  std::string symbol;
  double price = 0;
};
struct SymbolSpread {
  std::string symbol;
  double spread = 0;
};
const Window window_of_ten{.start = 10, .end = 20};

// The example in the documentation of aggregations.
struct Spread {
  struct Range {
    double low = 1e300, high = -1e300;
  };

  Range initial_accumulator() const { return {}; }
  void update(const Trade& trade, Range& range) const {
    range.low = std::min(range.low, trade.price);
    range.high = std::max(range.high, trade.price);
  }
  Range combine(const Range& a, const Range& b) const {
    return {std::min(a.low, b.low), std::max(a.high, b.high)};
  }
  SymbolSpread output(const std::string& symbol, const Range& range) const {
    return {symbol, range.high - range.low};
  }
};
static_assert(std::is_same_v<AggregationTraits<Spread, Trade, std::string>::Output, SymbolSpread>);
static_assert(
    std::is_same_v<AggregationTraits<Spread, Trade, std::string>::Accumulator, Spread::Range>);

TEST(Aggregation, IsFoldedAndGivesItsResultForAKey) {
  const Spread spread;
  auto early = spread.initial_accumulator();
  spread.update({"a", 3}, early);
  auto late = spread.initial_accumulator();
  spread.update({"a", 7}, late);
  const auto all = spread.combine(early, late);
  const auto result = call_output(spread, std::string("a"), all, window_of_ten);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->symbol, "a");
  EXPECT_EQ(result->spread, 4);
}

// The base of the aggregations below.
struct Counting {
  int initial_accumulator() const { return 0; }
  void update(const Trade&, int& count) const { ++count; }
  int combine(int a, int b) const { return a + b; }
};

struct EveryForm : Counting {
  std::string output(std::string_view key, int count, const Window& window) const {
    return fmt::format("{} {} until {}", key, count, window.end);
  }
  std::string output(const std::string&, int) const { return "without the window"; }
  std::string output(int count, const Window& window) const {
    return fmt::format("{} until {}", count, window.end);
  }
  std::string output(int) const { return "without the window"; }
};

TEST(Aggregation, TheOutputThatIsToldMostIsPreferred) {
  static_assert(
      std::is_same_v<AggregationTraits<EveryForm, Trade, std::string>::Output, std::string>);
  static_assert(std::is_same_v<AggregationTraits<EveryForm, Trade, NoKey>::Output, std::string>);
  EXPECT_EQ(call_output(EveryForm{}, std::string("a"), 3, window_of_ten), "a 3 until 20");
  EXPECT_EQ(call_output(EveryForm{}, NoKey{}, 3, window_of_ten), "3 until 20");
}

struct WithoutKey : Counting {
  int output(int count) const { return -count; }
};
struct KeyByValue : Counting {
  int output(int key, int count) const { return key * count; }
};

TEST(Aggregation, ShortFormsOfOutputWillDo) {
  static_assert(std::is_same_v<AggregationTraits<WithoutKey, Trade, NoKey>::Output, int>);
  static_assert(std::is_same_v<AggregationTraits<KeyByValue, Trade, int>::Output, int>);
  EXPECT_EQ(call_output(WithoutKey{}, NoKey{}, 3, window_of_ten), -3);
  EXPECT_EQ(call_output(KeyByValue{}, 5, 3, window_of_ten), 15);
}

struct AtLeastTwo : Counting {
  std::optional<int> output(const std::string&, int count) const {
    return count < 2 ? std::nullopt : std::optional(count);
  }
};

TEST(Aggregation, AnEmptyOptionalIsNoResult) {
  static_assert(std::is_same_v<AggregationTraits<AtLeastTwo, Trade, std::string>::Output, int>);
  EXPECT_EQ(call_output(AtLeastTwo{}, std::string(), 1, window_of_ten), std::nullopt);
  EXPECT_EQ(call_output(AtLeastTwo{}, std::string(), 2, window_of_ten), 2);
}

// Takes records by value and any key, and returns a reference.
struct Join {
  using Accumulator = std::vector<std::string>;
  std::string separator;

  Accumulator initial_accumulator() const { return {}; }
  void update(Trade trade, Accumulator& symbols) const {
    symbols.push_back(std::move(trade.symbol));
  }
  Accumulator combine(Accumulator a, const Accumulator& b) const {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }
  template <class Key>
  const std::string& output(const Key&, const Accumulator&) const {
    return separator;
  }
};

TEST(Aggregation, MayTakeItsArgumentsByValueAndReturnReferences) {
  static_assert(std::is_same_v<AggregationTraits<Join, Trade, int>::Output, std::string>);
  const Join join{","};
  auto a = join.initial_accumulator();
  join.update({"a", 0}, a);
  auto b = join.initial_accumulator();
  join.update({"b", 0}, b);
  EXPECT_EQ(join.combine(a, b), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(call_output(join, 1, a, window_of_ten), ",");
}

struct Generic {
  std::uint64_t initial_accumulator() const { return 0; }
  template <class In>
  void update(const In&, std::uint64_t& count) const {
    ++count;
  }
  template <class T>
  T combine(const T& a, const T& b) const {
    return a + b;
  }
  auto output(const auto& key, const auto& count, const Window&) const {
    return std::pair(key, count);
  }
};
struct Final final : Counting {
  int output(int, int count) const { return count; }
};

TEST(Aggregation, MayHaveTemplatesAndBeFinal) {
  using Result = AggregationTraits<Generic, Trade, int>::Output;
  static_assert(std::is_same_v<Result, std::pair<int, std::uint64_t>>);
  static_assert(std::is_same_v<AggregationTraits<Final, Trade, int>::Output, int>);
  EXPECT_EQ(call_output(Generic{}, 1, std::uint64_t{2}, window_of_ten), Result(1, 2));
}

TEST(Aggregation, MembersAreFoundByNameWhateverTheirType) {
  static_assert(has_name<EveryForm, NamedOutput>());
  static_assert(has_name<Generic, NamedUpdate>());
  static_assert(!has_name<Counting, NamedOutput>());
  static_assert(!has_name<Trade, NamedInitialAccumulator>());
  static_assert(!has_name<Trade, NamedUpdate>());
  static_assert(!has_name<Trade, NamedCombine>());
  SUCCEED();
}

}  // namespace
}  // namespace wallaroo::internal
