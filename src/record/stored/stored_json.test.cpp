#include "record/stored/stored_json.hpp"

#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "record/stored/stored.rig.hpp"

namespace wallaroo::stored_test {
namespace {

using namespace internal;
using namespace std::chrono_literals;

/// Shows the value as a tool does, which has only the text of its schema.
template <class T>
std::string shown(const T& value) {
  const std::string bytes = bytes_of(value);
  StoredReader in(bytes);
  std::string out = "> ";
  print_json(Schema::parse(schema_of<T>().text()), in, out);
  EXPECT_TRUE(in.empty());
  return out.substr(2);
}

TEST(StoredJson, ShowsNumbersExactly) {
  EXPECT_EQ(shown(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(shown(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(shown(std::uint8_t{200}), "200");
  EXPECT_EQ(shown(std::int8_t{-100}), "-100");
  EXPECT_EQ(shown(0.1), "0.1");
  EXPECT_EQ(shown(0.1F), "0.1");
  EXPECT_EQ(shown(1e300), "1e+300");
  EXPECT_EQ(shown(std::numeric_limits<double>::quiet_NaN()), "\"NaN\"");
  EXPECT_EQ(shown(-std::numeric_limits<float>::infinity()), "\"-Infinity\"");
  EXPECT_EQ(shown(true), "true");
  EXPECT_EQ(shown(Color::blue), "2");
  EXPECT_EQ(shown(1500ms), "1500");
}

TEST(StoredJson, ShowsText) {
  EXPECT_EQ(shown(std::string("a\"b\\c\n\x01")), R"("a\"b\\c\n\u0001")");
  EXPECT_EQ(shown(std::string("käse \xf0\x9f\x90\xa8")), "\"käse \xf0\x9f\x90\xa8\"");
  EXPECT_EQ(shown(std::string("a\xff\xc3z\xe2\x82")), R"("a\\xff\\xc3z\\xe2\\x82")");
  EXPECT_EQ(shown('x'), "\"x\"");
  EXPECT_EQ(shown(std::array<char, 4>{'E', 'U', 'R', 0}), R"("EUR\u0000")");
  EXPECT_EQ(shown(std::vector<char>{'a', 'b'}), "\"ab\"");
}

TEST(StoredJson, ShowsWholes) {
  EXPECT_EQ(shown(Inner{"x", 0.5, {}}), R"(["x",0.5,null])");
  EXPECT_EQ(shown(Empty{}), "[]");
  EXPECT_EQ(shown(std::vector<std::optional<Point>>{{{1, 2}}, {}}), "[[1,2],null]");
  EXPECT_EQ(shown(std::variant<std::monostate, std::string>("x")), R"({"1":"x"})");
  EXPECT_EQ(shown(std::array<Point, 2>{Point{1, 2}, Point{3, 4}}), "[[1,2],[3,4]]");
  EXPECT_EQ(shown(Money::of_cents(12)), "12");
}

TEST(StoredJson, ShowsMapsAsObjectsWhereTheirKeysAreDifferentStrings) {
  EXPECT_EQ(shown(std::map<std::string, int>{{"a", 1}, {"b", 2}}), R"({"a":1,"b":2})");
  EXPECT_EQ(shown(std::map<int, int>{{1, 2}}), "[[1,2]]");
  EXPECT_EQ(shown(std::multimap<std::string, int>{{"a", 1}, {"a", 2}}), R"([["a",1],["a",2]])");
  EXPECT_EQ(shown(std::map<std::string, int>{}), "{}");
}

TEST(StoredJson, ReadsOneValueAfterTheOther) {
  StoredWriter out;
  store(std::string("key"), out);
  store(Point{1, 2}, out);
  StoredReader in(out.bytes());
  EXPECT_EQ(stored_json(schema_of<std::string>(), in), boost::json::value("key"));
  EXPECT_EQ(stored_json(schema_of<Point>(), in), (boost::json::array{1, 2}));
  EXPECT_TRUE(in.empty());
}

TEST(StoredJson, OfAVersionIsThatOfItsBody) {
  const std::string bytes = bytes_of(Point{1, 2});
  StoredReader in(bytes);
  std::string text;
  print_json(Schema::parse("v3{i32,i32}"), in, text);
  EXPECT_EQ(text, "[1,2]");
}

}  // namespace
}  // namespace wallaroo::stored_test
