#include "ui/json/json_text.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace wallaroo::internal {
namespace {

TEST(JsonText, WritesNestedValues) {
  JsonText json;
  json.begin_object().member("a", 1).key("b").begin_array().value(true).null().end_array();
  json.key("c").begin_object().end_object().member("d", "x").end_object();
  EXPECT_EQ(json.take(), R"({"a":1,"b":[true,null],"c":{},"d":"x"})");
}

TEST(JsonText, EscapesTextAndNames) {
  JsonText json;
  const std::string text = "say \"hi\"\n\\ \x01 <b> caf\xc3\xa9";
  json.begin_object().member(text, text).end_object();
  const auto read = boost::json::parse(json.take()).as_object();
  EXPECT_EQ(std::string(read.at(text).as_string()), text);
}

TEST(JsonText, BytesThatAreNotUtf8AreReplaced) {
  JsonText json;
  json.begin_array().value("caf\xc3\xa9 \xff \xe2\x82").end_array();
  EXPECT_EQ(json.take(), "[\"caf\xc3\xa9 \xef\xbf\xbd \xef\xbf\xbd\"]");
}

TEST(JsonText, NumbersAreShortAndNeverInvalid) {
  JsonText json;
  json.begin_array().value(0.1F).value(1.5).value(31000000.0F).value(std::int64_t{-7});
  json.value(std::numeric_limits<float>::quiet_NaN());
  json.value(std::numeric_limits<double>::infinity()).end_array();
  EXPECT_EQ(json.take(), "[0.1,1.5,3.1e+07,-7,null,null]");
}

TEST(JsonText, DocumentsBeginWithTheirFormat) {
  EXPECT_EQ(begin_document("ab").end_object().take(), R"({"format":1,"plan_id":"ab"})");
}

}  // namespace
}  // namespace wallaroo::internal
