// Stored values load again, and their bytes are the same in every build.
#include <cmath>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

#include "record/stored/stored.rig.hpp"

namespace wallaroo::stored_test {
/// Stored as a string, of which it can append the bytes itself.
struct Label {
  std::string text;
};
}  // namespace wallaroo::stored_test

template <>
struct wallaroo::Stored<wallaroo::stored_test::Label> {
  using Type = std::string;
  static Type save(const stored_test::Label& label) { return "label of " + label.text; }
  static void append(const stored_test::Label& label, internal::StoredWriter& out) {
    const std::string text = save(label);
    out.put_bytes(text.data(), text.size());
  }
  static stored_test::Label load(const Type& text) { return {text.substr(9)}; }
};

namespace wallaroo::stored_test {
namespace {

using namespace internal;
using namespace std::chrono_literals;

TEST(StoredValue, IsLoadedAsItWas) {
  EXPECT_TRUE(rc::check("everything", [] {
    const Everything value = any_everything();
    RC_ASSERT(value_of<Everything>(bytes_of(value)) == value);
  }));
}

TEST(StoredValue, OfManyElementsIsLoadedAsItWas) {
  std::vector<Inner> inners(100'000, Inner{"x", 0.5, true});
  std::map<std::uint64_t, std::string> texts;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    texts[i] = std::string(i % 300, 'y');
  }
  EXPECT_EQ(value_of<decltype(inners)>(bytes_of(inners)), inners);
  EXPECT_EQ(value_of<decltype(texts)>(bytes_of(texts)), texts);
}

TEST(StoredValue, KeepsTheBitsOfNumbersThatAreNone) {
  const double loaded = value_of<double>(bytes_of(-std::numeric_limits<double>::quiet_NaN()));
  EXPECT_TRUE(std::isnan(loaded));
  EXPECT_TRUE(std::signbit(loaded));
}

struct Pinned {
  const char* name;
  std::string bytes;
  const char* expected;
};

struct Trade {
  std::string symbol;
  std::uint32_t quantity;
  std::optional<double> price;
};

// This build must read checkpoints of older builds, so these bytes must never change.
TEST(StoredBytes, AreTheSameInEveryBuild) {
  const std::vector<Pinned> table = {
      {"bool", bytes_of(true), "01"},
      {"char", bytes_of('a'), "61"},
      {"i16", bytes_of(std::int16_t{-2}), "feff"},
      {"u32", bytes_of(std::uint32_t{0x01020304}), "04030201"},
      {"u64", bytes_of(std::uint64_t{1} << 56), "0000000000000001"},
      {"f32", bytes_of(1.0F), "0000803f"},
      {"f64", bytes_of(-2.0), "00000000000000c0"},
      {"enum", bytes_of(Color::blue), "02"},
      {"string", bytes_of(std::string("abc")), "03616263"},
      {"string of 300", bytes_of(std::string(300, 'x')).substr(0, 3), "ac0278"},
      {"nothing", bytes_of(Empty{}), "00"},
      {"struct", bytes_of(Trade{"AB", 5, 1.0}),
       "02414205000000"
       "01000000000000f03f"},
      {"without optional", bytes_of(Trade{"", 5, {}}), "000500000000"},
      {"packed struct", bytes_of(Point{1, -1}), "01000000ffffffff"},
      {"vector", bytes_of(std::vector<std::uint16_t>{1, 2}), "0201000200"},
      {"vector of bool", bytes_of(std::vector<bool>{true, false}), "020100"},
      {"map", bytes_of(std::map<std::string, std::uint8_t>{{"a", 1}, {"b", 2}}), "02016101016202"},
      {"set", bytes_of(std::set<char>{'x', 'y'}), "027879"},
      {"array", bytes_of(std::array<std::uint8_t, 3>{1, 2, 3}), "010203"},
      {"variant", bytes_of(std::variant<std::string, std::uint8_t>(std::uint8_t{7})), "0107"},
      {"tuple", bytes_of(std::tuple<std::uint8_t, bool>(7, true)), "0701"},
      {"duration", bytes_of(std::chrono::seconds(3)), "0300000000000000"},
      {"time", bytes_of(std::chrono::system_clock::time_point(1s)), "00ca9a3b00000000"},
      {"converted", bytes_of(Money::of_cents(259)), "0301000000000000"},
  };
  for (const Pinned& row : table) {
    EXPECT_EQ(hex(row.bytes), row.expected) << row.name;
  }
}

TEST(StoredWriter, KeepsWhatItWroteWhenItGrows) {
  StoredWriter out;
  std::string expected;
  for (int i = 0; i < 100'000; ++i) {
    const auto byte = static_cast<char>(i * 7);
    out.put(byte);
    expected += byte;
  }
  EXPECT_EQ(out.bytes(), expected);
  EXPECT_EQ(out.take(), expected);
  EXPECT_EQ(out.size(), 0U);
  out.reserve(1000);
  const char* before = out.bytes().data();
  out.put_bytes(expected.data(), 1000);
  EXPECT_EQ(out.bytes().data(), before);
  EXPECT_EQ(out.bytes(), expected.substr(0, 1000));
}

TEST(StoredWriter, PutsTheLengthBeforeWhatIsWrittenBehindIt) {
  for (const std::size_t length : {0U, 1U, 127U, 128U, 129U, 16'383U, 16'384U, 3'000'000U}) {
    const std::string text(length, 'x');
    StoredWriter out;
    out.put('a');
    out.put_sized([&] { out.put_bytes(text.data(), text.size()); });
    out.put('z');
    EXPECT_EQ(out.bytes(), "a" + bytes_of(text) + "z") << length;
  }
}

TEST(StoredWriter, IsWhereATypeAppendsTheBytesOfTheStringThatStandsForIt) {
  for (const std::size_t length : {0U, 118U, 119U, 5'000U}) {
    const Label label{std::string(length, 'x')};
    EXPECT_EQ(bytes_of(label), bytes_of(Stored<Label>::save(label)));
    EXPECT_EQ(value_of<Label>(bytes_of(label)).text, label.text);
  }
}

TEST(StoredWriter, DropsWhatIsBehindAPlace) {
  StoredWriter out;
  out.put_bytes("abcdef", 6);
  out.truncate(2);
  out.put('z');
  EXPECT_EQ(out.bytes(), "abz");
}

TEST(StoredLength, RoundTripsAtEveryBoundary) {
  for (int bits = 0; bits < 32; ++bits) {
    const std::size_t size = (std::size_t{1} << bits) - 1;
    if (size > 1 << 22) {
      break;
    }
    for (const std::size_t length : {size, size + 1}) {
      const std::string text(length, 'x');
      EXPECT_EQ(value_of<std::string>(bytes_of(text)).size(), length);
    }
  }
}

/// A class whose `save` returns a reference to a member.
class Session {
 public:
  explicit Session(std::vector<std::string> pages) : pages_(std::move(pages)) {}
  const std::vector<std::string>& pages() const { return pages_; }

 private:
  std::vector<std::string> pages_;
};
/// Throws when it is made of a negative number, which leaves a variant without a value.
class Fragile {
 public:
  explicit Fragile(int number) : number_(number) {
    if (number < 0) {
      throw std::invalid_argument("negative");
    }
  }
  Fragile(const Fragile& other) : number_(other.number_) {}
  Fragile& operator=(const Fragile&) = default;
  int number() const { return number_; }

 private:
  int number_;
};
/// An aggregate that is stored by a conversion nevertheless.
struct Reversed {
  std::string text;
};

}  // namespace
}  // namespace wallaroo::stored_test

template <>
struct wallaroo::Stored<wallaroo::stored_test::Session> {
  using Type = std::vector<std::string>;
  static const Type& save(const stored_test::Session& session) { return session.pages(); }
  static stored_test::Session load(Type pages) { return stored_test::Session(std::move(pages)); }
};
template <>
struct wallaroo::Stored<wallaroo::stored_test::Fragile> {
  using Type = int;
  static int save(const stored_test::Fragile& fragile) { return fragile.number(); }
  static stored_test::Fragile load(int number) { return stored_test::Fragile(number); }
};
template <>
struct wallaroo::Stored<wallaroo::stored_test::Reversed> {
  using Type = std::string;
  static Type save(const stored_test::Reversed& r) { return {r.text.rbegin(), r.text.rend()}; }
  static stored_test::Reversed load(const Type& text) { return {{text.rbegin(), text.rend()}}; }
};

namespace wallaroo::stored_test {
namespace {

TEST(Stored, MayReturnAReference) {
  const std::string bytes = bytes_of(Session({"a", "b"}));
  EXPECT_EQ(hex(bytes), "0201610162");
  EXPECT_EQ(value_of<Session>(bytes).pages(), (std::vector<std::string>{"a", "b"}));
}

TEST(Stored, ReplacesWhatWouldBeDoneByItself) {
  const std::string bytes = bytes_of(std::optional(Reversed{"abc"}));
  EXPECT_EQ(hex(bytes), "0103636261");
  EXPECT_EQ(value_of<std::optional<Reversed>>(bytes)->text, "abc");
}

TEST(StoredVariant, WithoutAValueIsRefused) {
  std::variant<int, Fragile> variant;
  EXPECT_THROW(variant.emplace<Fragile>(-1), std::invalid_argument);
  ASSERT_TRUE(variant.valueless_by_exception());
  StoredWriter out;
  EXPECT_THROW(store(variant, out), StoredError);
}

}  // namespace
}  // namespace wallaroo::stored_test
