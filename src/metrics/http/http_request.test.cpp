#include "metrics/http/http_request.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

TEST(HttpRequest, SplitsATarget) {
  const HttpRequest request = parse_target("/api/v1/series?since=12&window=60");
  EXPECT_EQ(request.path, "/api/v1/series");
  EXPECT_EQ(request.parameter("since"), "12");
  EXPECT_EQ(request.parameter("window"), "60");
  EXPECT_EQ(request.parameter("other", "7"), "7");
}

TEST(HttpRequest, DecodesNames) {
  const HttpRequest request = parse_target("/a%20b?name=caf%C3%A9+%26%3D1&name=x%2By&flag&=&&#end");
  EXPECT_EQ(request.path, "/a b");
  EXPECT_EQ(request.parameter("name"), "x+y");
  EXPECT_EQ(request.parameter("flag", "other"), "");
  EXPECT_EQ(parse_target("/?n=caf%C3%A9+%26").parameter("n"), "café &");
}

TEST(HttpRequest, LeavesMalformedEscapes) {
  EXPECT_EQ(parse_target("/x?a=%&b=%4&c=%zz&d=100%25").parameter("a"), "%");
  EXPECT_EQ(parse_target("/x?a=%&b=%4&c=%zz&d=100%25").parameter("b"), "%4");
  EXPECT_EQ(parse_target("/x?a=%&b=%4&c=%zz&d=100%25").parameter("c"), "%zz");
  EXPECT_EQ(parse_target("/x?a=%&b=%4&c=%zz&d=100%25").parameter("d"), "100%");
}

TEST(HttpRequest, ErrorsAreJsonUnderApi) {
  EXPECT_EQ(http_error("/api/v1/stage", 404, "no 'x'").body, R"({"format":1,"error":"no 'x'"})");
  EXPECT_EQ(http_error("/api/v1/stage", 404, "no '\xff'").body,
            "{\"format\":1,\"error\":\"no '\xef\xbf\xbd'\"}");
  EXPECT_EQ(http_error("/metrics", 500, "oh").body, "oh\n");
}

}  // namespace
}  // namespace wallaroo::internal
