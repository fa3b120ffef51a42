// Values that an earlier program stored are loaded by a later one, or refused with an explanation.
#include <memory>

#include <gtest/gtest.h>

#include "record/stored/stored.rig.hpp"

namespace wallaroo::stored_test {
namespace {

using namespace internal;

// A struct that grows from version to version.
struct Word1 {
  std::uint64_t count = 0;
};
struct Word2 {
  std::uint64_t count = 0;
  std::string longest = "none";
};
struct Word3 {
  std::uint64_t count = 0;
  std::string longest = "none";
  std::uint64_t doubled = 2 * count;
  std::optional<double> mean;
  bool operator==(const Word3&) const = default;
};
struct WordWithout {
  std::string longest;
};
struct WordOtherwise {
  std::uint32_t count;
};
/// A struct that cannot be copied.
struct Token {
  std::unique_ptr<int> number;
};
struct Paid {
  Token token;
  std::uint32_t times = 7;
};
struct PaidOnce {
  Token token;
};

}  // namespace
}  // namespace wallaroo::stored_test

template <>
struct wallaroo::Stored<wallaroo::stored_test::Token> {
  using Type = int;
  static int save(const stored_test::Token& token) { return *token.number; }
  static stored_test::Token load(int number) { return {std::make_unique<int>(number)}; }
};

namespace wallaroo::stored_test {
namespace {

template <class New, class Old>
New evolve(const Old& old) {
  return value_of<New, Old>(bytes_of(old));
}

TEST(AppendedFields, GetTheirDefaults) {
  EXPECT_EQ(evolve<Word3>(Word1{4}), (Word3{4, "none", 8, {}}));
  EXPECT_EQ(evolve<Word3>(Word2{4, "abcd"}), (Word3{4, "abcd", 8, {}}));
  EXPECT_EQ(evolve<Word3>(Empty{}), Word3{});
}

TEST(AppendedFields, AreFoundAtAnyDepth) {
  using Old = std::map<std::string, std::vector<std::optional<std::pair<Word1, int>>>>;
  using New = std::map<std::string, std::vector<std::optional<std::pair<Word3, int>>>>;
  const Old old = {{"a", {}}, {"b", {{{Word1{1}, 10}}, std::nullopt, {{Word1{2}, 20}}}}};
  const New now = evolve<New>(old);
  ASSERT_EQ(now.size(), 2U);
  const auto& b = now.at("b");
  ASSERT_EQ(b.size(), 3U);
  EXPECT_EQ(b[0]->first, (Word3{1, "none", 2, {}}));
  EXPECT_EQ(b[0]->second, 10);
  EXPECT_FALSE(b[1]);
  EXPECT_EQ(b[2]->first, (Word3{2, "none", 4, {}}));
}

TEST(AppendedFields, AreFoundInEveryKindOfWhole) {
  EXPECT_EQ((evolve<std::array<Word3, 2>>(std::array<Word1, 2>{Word1{1}, Word1{2}})[1]),
            (Word3{2, "none", 4, {}}));
  EXPECT_EQ((evolve<std::array<Word3, 30>>(std::array<Word1, 30>{})[29]), Word3{});
  EXPECT_EQ((evolve<std::tuple<char, Word3>>(std::pair<char, Word1>{'x', {1}})),
            std::tuple('x', Word3{1, "none", 2, {}}));
  EXPECT_EQ((std::get<Word3>(evolve<std::variant<int, Word3>>(std::variant<int, Word1>{Word1{1}}))),
            (Word3{1, "none", 2, {}}));
  EXPECT_EQ((evolve<std::map<Point, Word3>>(std::map<std::pair<int, int>, Word1>{{{1, 2}, {3}}})
                 .at(Point{1, 2})),
            (Word3{3, "none", 6, {}}));
  EXPECT_EQ((evolve<std::tuple<char, int, std::string>>(std::tuple('x'))),
            std::tuple('x', 0, std::string()));
}

TEST(AppendedFields, NeedNoCopies) {
  const Paid paid = evolve<Paid>(PaidOnce{{std::make_unique<int>(5)}});
  EXPECT_EQ(*paid.token.number, 5);
  EXPECT_EQ(paid.times, 7U);
}

TEST(AppendedAlternatives, AreAccepted) {
  using Old = std::variant<std::string, int>;
  using New = std::variant<std::string, int, Point>;
  EXPECT_EQ(evolve<New>(Old(7)), New(7));
  EXPECT_EQ(evolve<New>(Old("x")), New("x"));
}

TEST(Containers, MayBeExchangedForOthersOfTheSameKind) {
  EXPECT_EQ((evolve<std::set<int>>(std::vector<int>{2, 1, 2})), (std::set<int>{1, 2}));
  EXPECT_EQ((evolve<std::map<int, char>>(std::unordered_map<int, char>{{1, 'a'}})),
            (std::map<int, char>{{1, 'a'}}));
}

template <class New, class Old>
std::string refusal() {
  try {
    Loader<New> loader(schema_of<Old>());
  } catch (const StoredError& error) {
    return error.what();
  }
  return "accepted";
}

const std::string advice =
    ". Fields may only be appended at the end of a struct, with defaults; for any other change "
    "write a wallaroo::Migration (see docs/guide/state.md)";

TEST(OtherChanges, AreRefusedWithTheirPlaceAndAdvice) {
  const std::string begin = "the stored type does not fit that of this program: ";
  EXPECT_EQ(
      (refusal<Word1, Word2>()),
      begin + "it was stored as {u64,string}, and now is {u64}: fields were removed" + advice);
  EXPECT_EQ((refusal<WordOtherwise, Word1>()),
            begin + "field 0 was stored as u64, and now is u32" + advice);
  EXPECT_EQ(
      (refusal<std::pair<int, std::vector<WordOtherwise>>, std::pair<int, std::vector<Word1>>>()),
      begin + "field 0 of each element of field 1 was stored as u64, and now is u32" + advice);
  EXPECT_EQ((refusal<std::map<int, std::optional<char>>, std::map<int, std::optional<bool>>>()),
            begin + "the value of each value was stored as bool, and now is char" + advice);
  EXPECT_EQ((refusal<std::pair<char, Money>, std::tuple<char>>()),
            begin +
                "it was stored as {char}, and now is {char,i64}: an appended field has no "
                "default" +
                advice);
}

template <class New, class Old>
bool refused() {
  return refusal<New, Old>() != "accepted";
}

TEST(OtherChanges, AreRefusedWhateverTheyAre) {
  EXPECT_TRUE((refused<WordWithout, Word2>()));
  EXPECT_TRUE((refused<std::int64_t, std::uint64_t>()));
  EXPECT_TRUE((refused<std::uint64_t, std::uint32_t>()));
  EXPECT_TRUE((refused<double, float>()));
  EXPECT_TRUE((refused<std::uint8_t, char>()));
  EXPECT_TRUE((refused<std::string, std::vector<char>>()));
  EXPECT_TRUE((refused<int, std::optional<int>>()));
  EXPECT_TRUE((refused<std::optional<int>, int>()));
  EXPECT_TRUE((refused<Word1, std::uint64_t>()));
  EXPECT_TRUE((refused<std::uint64_t, Word1>()));
  EXPECT_TRUE((refused<std::vector<std::pair<int, int>>, std::map<int, int>>()));
  EXPECT_TRUE((refused<std::map<int, int>, std::vector<std::pair<int, int>>>()));
  EXPECT_TRUE((refused<std::array<int, 3>, std::array<int, 2>>()));
  EXPECT_TRUE((refused<std::array<int, 2>, std::vector<int>>()));
  EXPECT_TRUE((refused<std::variant<int>, std::variant<int, char>>()));
  EXPECT_TRUE((refused<std::variant<char, int>, std::variant<int, char>>()));
  EXPECT_TRUE((refused<std::chrono::seconds, std::chrono::milliseconds>()));
  EXPECT_TRUE((refused<std::chrono::system_clock::time_point, std::chrono::nanoseconds>()));
  EXPECT_TRUE((refused<std::int64_t, std::chrono::nanoseconds>()));
}

// A chain of three versions, the last of which has grown further.
struct PriceV1 {
  double euros = 0;
};
struct PriceV2 {
  std::int64_t cents = 0;
};
struct PriceV2Grown {
  std::int64_t cents = 0;
  bool discounted = true;
};
struct Price {
  std::string text;
  std::uint8_t rounded = 1;
  bool operator==(const Price&) const = default;
};
/// Price as it was in an earlier program.
struct PriceAtFirst {
  std::string text;
};
/// A class with both a Migration and a conversion.
class Total {
 public:
  explicit Total(std::string digits) : digits_(std::move(digits)) {}
  const std::string& digits() const { return digits_; }

 private:
  std::string digits_;
};

}  // namespace
}  // namespace wallaroo::stored_test

namespace wallaroo {
using namespace stored_test;

template <>
struct Migration<PriceV2> {
  static constexpr std::uint32_t version = 2;
  using Previous = PriceV1;
  static PriceV2 migrate(PriceV1 old) { return {static_cast<std::int64_t>(old.euros * 100)}; }
};
template <>
struct Migration<PriceV2Grown> {
  static constexpr std::uint32_t version = 2;
  using Previous = PriceV1;
  static PriceV2Grown migrate(PriceV1 old) {
    return {PriceV2Grown{}.cents + int(old.euros), false};
  }
};
template <>
struct Migration<Price> {
  static constexpr std::uint32_t version = 3;
  using Previous = PriceV2;
  static Price migrate(const PriceV2& old) { return {std::to_string(old.cents) + " cents", 2}; }
};
template <>
struct Migration<PriceAtFirst> {
  static constexpr std::uint32_t version = 3;
  using Previous = PriceV2;
  static PriceAtFirst migrate(const PriceV2& old) { return {std::to_string(old.cents)}; }
};
template <>
struct Stored<Total> {
  using Type = std::string;
  static const Type& save(const Total& total) { return total.digits(); }
  static Total load(Type digits) { return Total(std::move(digits)); }
};
template <>
struct Migration<Total> {
  static constexpr std::uint32_t version = 2;
  using Previous = std::uint64_t;
  static Total migrate(std::uint64_t old) { return Total(std::to_string(old)); }
};
}  // namespace wallaroo

namespace wallaroo::stored_test {
namespace {

TEST(Migration, IsAppliedToEarlierVersionsOnly) {
  EXPECT_EQ(evolve<PriceV2>(PriceV1{1.25}).cents, 125);
  EXPECT_EQ(evolve<PriceV2>(PriceV2{7}).cents, 7);
  EXPECT_EQ(evolve<Price>(Price{"x", 9}), (Price{"x", 9}));
}

TEST(Migration, IsAChain) {
  EXPECT_EQ(evolve<Price>(PriceV1{1.25}), (Price{"125 cents", 2}));
  EXPECT_EQ(evolve<Price>(PriceV2{7}), (Price{"7 cents", 2}));
}

TEST(Migration, GoesTogetherWithAppendedFields) {
  EXPECT_EQ(evolve<Price>(PriceAtFirst{"x"}), (Price{"x", 1}));
  EXPECT_EQ(evolve<PriceV2Grown>(PriceV2{7}).cents, 7);
  EXPECT_TRUE(evolve<PriceV2Grown>(PriceV2{7}).discounted);
  EXPECT_FALSE(evolve<PriceV2Grown>(PriceV1{7}).discounted);
}

TEST(Migration, IsAppliedAtAnyDepth) {
  using Old = std::vector<std::pair<std::string, PriceV1>>;
  using New = std::vector<std::pair<std::string, Price>>;
  EXPECT_EQ(evolve<New>(Old{{"a", {1}}, {"b", {2}}}),
            (New{{"a", {"100 cents", 2}}, {"b", {"200 cents", 2}}}));
}

TEST(Migration, GoesTogetherWithAConversion) {
  EXPECT_EQ(evolve<Total>(std::uint64_t{12}).digits(), "12");
  EXPECT_EQ(evolve<Total>(Total("34")).digits(), "34");
  EXPECT_EQ(schema_of<Total>().text(), "v2string");
}

TEST(Migration, DoesNotGoBack) {
  EXPECT_EQ(
      (refusal<PriceV2, Price>()),
      "the stored type does not fit that of this program: it was stored as v3{string,u8}, and "
      "now is v2{i64}: it was stored by a later version of the program" +
          advice);
  EXPECT_TRUE((refused<PriceV1, PriceV2>()));
  EXPECT_TRUE((refused<Price, Word1>()));
}

}  // namespace
}  // namespace wallaroo::stored_test
