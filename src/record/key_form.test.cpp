#include "record/key_form.hpp"

#include <array>
#include <cctype>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "record/key.hpp"

namespace key_form_test {

struct CaseFolded {
  std::string name;
  friend bool operator==(const CaseFolded& a, const CaseFolded& b) {
    return a.name.size() == b.name.size();
  }
};
struct ByFreeFunction {
  int number;
};
bool operator==(const ByFreeFunction& a, const ByFreeFunction& b) { return a.number == b.number; }
struct ByThreeWays {
  int number;
  auto operator<=>(const ByThreeWays&) const = default;
};
struct ByMutable {
  int number;
  bool operator==(ByMutable& other) { return number == other.number; }
};
struct ByConversion {
  int number;
  operator int() const { return number % 2; }  // NOLINT: meant to be implicit
};
struct Inherited : CaseFolded {};
struct Name {
  std::string text;
  operator std::string_view() const { return text; }  // NOLINT: meant to be implicit
};
struct FoldedName : Name {
  bool operator==(const FoldedName& other) const { return text.size() == other.text.size(); }
};
struct Place {
  std::string city;
  double height = 0;
  bool operator==(const Place&) const = default;
};
struct Unordered {
  int number;
  bool operator==(const Unordered& other) const { return number != 0 && number == other.number; }
};
enum class Plain { a, b };
enum class Folded { a, b };
bool operator==(Folded, Folded) { return true; }

struct Fields {
  int number = 0;
  std::string text;
  Plain plain = Plain::a;
};
struct WithFraction {
  Fields fields;
  double fraction = 0;
};

}  // namespace key_form_test

template <>
inline constexpr bool wallaroo::equal_by_fields<key_form_test::Place> = true;
template <>
struct std::hash<key_form_test::Unordered> {
  std::size_t operator()(const key_form_test::Unordered& value) const {
    return static_cast<std::size_t>(value.number);
  }
};

namespace wallaroo::internal {
namespace {

using namespace key_form_test;  // NOLINT

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

static_assert(key_form<Fields>() == KeyForm::fields);
static_assert(key_form<CaseFolded>() == KeyForm::own_equality);
static_assert(key_form<ByFreeFunction>() == KeyForm::own_equality);
static_assert(key_form<ByThreeWays>() == KeyForm::own_equality);
static_assert(key_form<ByMutable>() == KeyForm::own_equality);
static_assert(key_form<ByConversion>() == KeyForm::own_equality);
static_assert(key_form<Folded>() == KeyForm::own_equality);
static_assert(key_form<Plain>() == KeyForm::number);
static_assert(key_form<std::byte>() == KeyForm::number);
static_assert(key_form<Place>() == KeyForm::fields);
static_assert(key_form<Unordered>() == KeyForm::hashed);
static_assert(key_form<Name>() == KeyForm::bytes);
static_assert(key_form<FoldedName>() == KeyForm::none, "and not its bytes");
static_assert(!HashableKey<Inherited>);
static_assert(!HashableKey<std::array<CaseFolded, 2>>, "although std::array has a ==");
static_assert(!HashableKey<std::pair<int, CaseFolded>>);
static_assert(!HashableKey<std::optional<CaseFolded>>);
static_assert(HashableKey<std::tuple<int, std::pair<std::string, Fields>>>);
static_assert(HashableKey<std::array<Place, 2>>);

static_assert(always_equals_itself<int>());
static_assert(always_equals_itself<std::string>());
static_assert(always_equals_itself<std::string_view>());
static_assert(always_equals_itself<Plain>());
static_assert(always_equals_itself<Fields>());
static_assert(always_equals_itself<std::array<char, 8>>());
static_assert(always_equals_itself<std::pair<int, Fields>>());
static_assert(always_equals_itself<std::optional<std::string>>());
static_assert(always_equals_itself<std::variant<std::monostate, int, std::string>>());
static_assert(!always_equals_itself<double>());
static_assert(!always_equals_itself<WithFraction>());
static_assert(!always_equals_itself<std::tuple<int, float>>());
static_assert(!always_equals_itself<std::optional<long double>>());
static_assert(!always_equals_itself<std::variant<int, double>>());
static_assert(!always_equals_itself<Unordered>());

TEST(KeyForm, ANaNIsFoundWhereverItIsInAKey) {
  EXPECT_FALSE(equals_itself(nan));
  EXPECT_FALSE(equals_itself(static_cast<float>(nan)));
  EXPECT_FALSE(equals_itself(WithFraction{{1, "a", Plain::b}, nan}));
  EXPECT_FALSE(equals_itself(std::pair(1, WithFraction{{}, nan})));
  EXPECT_FALSE(equals_itself(std::tuple(1, std::tuple(nan))));
  EXPECT_FALSE(equals_itself(std::optional(nan)));
  EXPECT_FALSE(equals_itself(std::variant<int, double>(nan)));
  EXPECT_FALSE(equals_itself(std::array{1.0, nan}));
  EXPECT_FALSE(equals_itself(Place{"Ulm", nan}));
  EXPECT_FALSE(equals_itself(Unordered{0}));
}

TEST(KeyForm, WhatIsNoNaNEqualsItself) {
  EXPECT_TRUE(equals_itself(std::numeric_limits<double>::infinity()));
  EXPECT_TRUE(equals_itself(-0.0));
  EXPECT_TRUE(equals_itself(WithFraction{{1, "a", Plain::b}, 1.5}));
  EXPECT_TRUE(equals_itself(std::optional<double>()));
  EXPECT_TRUE(equals_itself(std::variant<int, double>(1)));
  EXPECT_TRUE(equals_itself(Unordered{1}));
}

template <class T>
void expect_one_key(const T& a, const T& b) {
  EXPECT_TRUE(equal_keys(a, b));
  EXPECT_EQ(hash_key(a), hash_key(b));
}

TEST(KeyForm, BothZeroesAreOneKey) {
  expect_one_key(0.0, -0.0);
  expect_one_key(0.0F, -0.0F);
  expect_one_key(0.0L, -0.0L);
  expect_one_key(WithFraction{{}, 0.0}, WithFraction{{}, -0.0});
  expect_one_key(std::pair(1, 0.0), std::pair(1, -0.0));
  expect_one_key(std::optional(0.0), std::optional(-0.0));
  expect_one_key(std::variant<int, double>(0.0), std::variant<int, double>(-0.0));
  expect_one_key(std::array{0.0, 1.0}, std::array{-0.0, 1.0});
}

TEST(KeyForm, PairsAndTuplesAreComparedElementByElement) {
  expect_one_key(std::pair(std::string("a"), Fields{1, "x", Plain::b}),
                 std::pair(std::string("a"), Fields{1, "x", Plain::b}));
  EXPECT_FALSE(
      equal_keys(std::pair(1, Fields{1, "x", Plain::b}), std::pair(1, Fields{1, "y", Plain::b})));
  EXPECT_NE(hash_key(std::tuple(1, 2)), hash_key(std::tuple(2, 1)));
}

TEST(KeyForm, AClassThatSaysSoIsComparedByItsFields) {
  expect_one_key(Place{"Ulm", 478}, Place{"Ulm", 478});
  EXPECT_FALSE(equal_keys(Place{"Ulm", 478}, Place{"Ulm", 479}));
  EXPECT_NE(hash_key(Place{"Ulm", 478}), hash_key(Place{"Ulm", 479}));
}

}  // namespace
}  // namespace wallaroo::internal
