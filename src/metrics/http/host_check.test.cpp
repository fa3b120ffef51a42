#include "metrics/http/host_check.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

TEST(HostCheck, KnowsLoopbackNamesAndAddresses) {
  for (const char* const field :
       {"", "localhost", "localhost:9090", "LocalHost:1", "localhost.:80", "ui.localhost",
        "127.0.0.1", "127.0.0.1:9090", "10.1.2.3:80", "[::1]:9090", "[::1]", "[fe80::1]:80"}) {
    EXPECT_TRUE(host_is_ours(field, {})) << field;
  }
}

TEST(HostCheck, KnowsNoOtherName) {
  for (const char* const field : {"evil.example", "evil.example:9090", "localhost.evil.example",
                                  "notlocalhost", "127.0.0.1.x", "127.0.0.1.evil.example:9090",
                                  "[evil.example]:9090", "[", "[::1", ":", "x:", "."}) {
    EXPECT_FALSE(host_is_ours(field, {})) << field;
  }
}

TEST(HostCheck, KnowsNamesThatItIsTold) {
  EXPECT_TRUE(host_is_ours("metrics.example:9090", {"a", "Metrics.Example"}));
  EXPECT_FALSE(host_is_ours("x.metrics.example", {"metrics.example"}));
}

TEST(HostCheck, SaysWhichFlagHelps) {
  EXPECT_NE(wrong_host_text("box:9090").find("--http-host box"), std::string::npos);
}

}  // namespace
}  // namespace wallaroo::internal
