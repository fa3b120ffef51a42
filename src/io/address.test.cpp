#include "io/address.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {
namespace {

std::string complaint_about(std::string_view text) {
  try {
    parse_host_port(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Address, NamesAndNumericHostsAreParsed) {
  EXPECT_EQ(parse_host_port("127.0.0.1:7010"), (HostPort{"127.0.0.1", 7010}));
  EXPECT_EQ(parse_host_port("db.example:0"), (HostPort{"db.example", 0}));
  EXPECT_EQ(parse_host_port("[::1]:65535"), (HostPort{"::1", 65535}));
}

TEST(Address, IsWrittenAsItIsRead) {
  for (const char* text : {"127.0.0.1:7010", "db.example:1", "[fe80::2]:99"}) {
    EXPECT_EQ(parse_host_port(text).to_string(), text);
  }
}

TEST(Address, EveryMistakeIsNamedWithTheText) {
  EXPECT_EQ(complaint_about(""),
            "'' is not an address: it is empty; write host:port, for example 127.0.0.1:7010");
  EXPECT_EQ(complaint_about("localhost"),
            "'localhost' is not an address: the port is missing; write host:port, for example "
            "127.0.0.1:7010");
  EXPECT_EQ(complaint_about(":7010"),
            "':7010' is not an address: the host is missing; 0.0.0.0:7010 means all interfaces");
  EXPECT_EQ(complaint_about("::1:7010"),
            "'::1:7010' is not an address: it has several ':'; write an IPv6 address in brackets: "
            "[::1]:7010");
  for (const char* port : {"", "x", "65536", "-1", "+1", "1x", "99999999999999999999"}) {
    EXPECT_EQ(complaint_about(std::string("h:") + port),
              fmt::format("'h:{0}' is not an address: '{0}' is not a port (a number from 0 to "
                          "65535)",
                          port));
  }
}

TEST(Address, MalformedTextIsRefused) {
  for (const char* text : {"[", "[]", "[]:1", "[::1]", "[::1]:", "[::1]7", "[::1", "[x]:1",
                           "[127.0.0.1]:1", "a b:1", "tcp://h:1", "h:1\n", "/a/path:1"}) {
    EXPECT_NE(complaint_about(text), "accepted") << text;
  }
}

TEST(Address, OnlyNumericHostsHaveANumericAddress) {
  EXPECT_EQ(numeric_address({"1.2.3.4", 5})->to_string(), "1.2.3.4:5");
  EXPECT_EQ(numeric_address({"::1", 5})->to_string(), "[::1]:5");
  EXPECT_EQ(numeric_address({"::1", 5})->family(), AF_INET6);
  EXPECT_FALSE(numeric_address({"localhost", 5}));
  EXPECT_EQ(SocketAddress().to_string(), "unknown address");
}

}  // namespace
}  // namespace wallaroo::internal
