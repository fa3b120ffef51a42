#include "record/stored/schema.hpp"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "record/stored/stored.rig.hpp"

namespace wallaroo::stored_test {
namespace {

using namespace internal;

struct Total {
  std::uint64_t count;
};
struct TotalV1 {
  std::uint32_t count;
};

}  // namespace
}  // namespace wallaroo::stored_test

template <>
struct wallaroo::Migration<wallaroo::stored_test::Total> {
  static constexpr std::uint32_t version = 2;
  using Previous = stored_test::TotalV1;
  static stored_test::Total migrate(Previous old) { return {old.count}; }
};

namespace wallaroo::stored_test {
namespace {

struct Row {
  Schema schema;
  const char* text;
};

// Manifests of checkpoints hold these texts, so they must never change.
TEST(Schema, HasTheSameTextInEveryBuild) {
  const std::vector<Row> table = {
      {schema_of<bool>(), "bool"},
      {schema_of<char>(), "char"},
      {schema_of<char8_t>(), "u8"},
      {schema_of<char32_t>(), "u32"},
      {schema_of<long>(), "i64"},
      {schema_of<unsigned long long>(), "u64"},
      {schema_of<Color>(), "u8"},
      {schema_of<Switch>(), "bool"},
      {schema_of<std::string>(), "string"},
      {schema_of<Empty>(), "{}"},
      {schema_of<std::monostate>(), "{}"},
      {schema_of<std::tuple<>>(), "{}"},
      {schema_of<Money>(), "i64"},
      {schema_of<Total>(), "v2{u64}"},
      {schema_of<Numbers>(), "{bool,char,i8,u8,i16,u16,i32,u32,i64,u64,f32,f64,u8,bool}"},
      {schema_of<Parts>(),
       "{variant<{},i64,string>,{string,{i32,i32}},{i16,optional<string>},list<array<2,string>>,"
       "array<2,{i32,i32}>,array<20,u16>,duration<i64,1/1000>,time<i64,1/1000000000>,{}}"},
      {schema_of<Sequences>(),
       "{string,list<{i32,i32}>,list<bool>,list<optional<string>>,"
       "list<{string,f64,optional<bool>}>,list<u16>,list<{i32,i32}>,list<string>}"},
      {schema_of<Tables>(),
       "{map<string,list<{string,f64,optional<bool>}>>,map<i32,string>,list<i64>,map<u64,string>,"
       "list<string>,map<u32,{i32,i32}>,map<string,bool>,list<i32>}"},
  };
  for (const Row& row : table) {
    EXPECT_EQ(row.schema.text(), row.text);
    EXPECT_EQ(Schema::parse(row.text), row.schema) << row.text;
  }
}

TEST(Schema, KnowsTheBytesThatEveryValueHas) {
  EXPECT_EQ(schema_of<Empty>().least_bytes(), 1U);
  EXPECT_EQ(schema_of<Numbers>().least_bytes(), 46U);
  EXPECT_EQ(schema_of<Numbers>().least_bytes(), least_stored_bytes<Numbers>());
  EXPECT_EQ(schema_of<Everything>().least_bytes(), least_stored_bytes<Everything>());
  EXPECT_EQ(bytes_of(Everything{}).size(), least_stored_bytes<Everything>());
  EXPECT_EQ(schema_of<Total>().least_bytes(), least_stored_bytes<Total>());
  const std::string most = std::to_string(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(Schema::parse("{u8,array<" + most + ",u16>,u8}").least_bytes(),
            std::numeric_limits<std::uint64_t>::max());
}

TEST(Schema, OfBrokenTextIsRefused) {
  for (const char* text : {"",
                           " ",
                           "u",
                           "u7",
                           "u64 ",
                           "U64",
                           "i642",
                           "{",
                           "{u64",
                           "{u64,",
                           "{u64,}",
                           "{,u64}",
                           "}",
                           "{u64}}",
                           "list",
                           "list<",
                           "list<>",
                           "list<u8",
                           "list<u8,u8>",
                           "map<u8>",
                           "map<u8,u8,u8>",
                           "optional<>",
                           "array<u8>",
                           "array<0,u8>",
                           "array<-1,u8>",
                           "array<01,u8>",
                           "array<,u8>",
                           "array<18446744073709551616,u8>",
                           "array<1>",
                           "duration<i64>",
                           "duration<i64,1>",
                           "duration<i64,1/0>",
                           "duration<i64,0/1>",
                           "time<i64,1/>",
                           "v",
                           "v2",
                           "v1{u64}",
                           "v0{u64}",
                           "v02{u64}",
                           "v4294967296{u64}",
                           "vector<u8>",
                           "string<u8>",
                           "u64\n",
                           "{u64;u64}"}) {
    EXPECT_THROW(Schema::parse(text), StoredError) << text;
  }
  EXPECT_THROW(Schema::parse(std::string_view("u8\0", 3)), StoredError);
}

TEST(Schema, ThatIsTooDeepIsRefusedBeforeTheStackOverflows) {
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) {
    deep += "list<";
  }
  EXPECT_THROW(Schema::parse(deep), StoredError);
  EXPECT_THROW(Schema::parse(std::string(1'000'000, '{')), StoredError);
}

TEST(Schema, WithAnyByteChangedIsAnotherOrRefused) {
  const std::string text = schema_of<Everything>().text();
  const Schema schema = Schema::parse(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[i] = static_cast<char>(byte);
      try {
        const Schema read = Schema::parse(changed);
        ASSERT_EQ(read.text(), changed);
        ASSERT_EQ(read == schema, changed == text);
      } catch (const StoredError&) {
        ASSERT_NE(changed, text);
      }
    }
    EXPECT_THROW(Schema::parse(text.substr(0, i)), StoredError);
  }
}

TEST(Schema, SaysWhereItIsBroken) {
  try {
    Schema::parse("{u64,list<u7>}");
    FAIL();
  } catch (const StoredError& error) {
    EXPECT_STREQ(error.what(),
                 "the description of a stored type is broken: at byte 10 of 14 there should be a "
                 "type that it knows");
  }
}

}  // namespace
}  // namespace wallaroo::stored_test
