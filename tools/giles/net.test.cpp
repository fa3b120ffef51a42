#include "giles/net.hpp"

#include <gtest/gtest.h>

#include "giles/error.hpp"

namespace wallaroo::giles {
namespace {

TEST(Address, HostAndPortAreTold) {
  const Address address = parse_address("example.org:7010");
  EXPECT_EQ(address.host, "example.org");
  EXPECT_EQ(address.port, 7010);
  EXPECT_EQ(address.text(), "example.org:7010");
}

TEST(Address, Ipv6StandsInBrackets) {
  const Address address = parse_address("[::1]:0");
  EXPECT_EQ(address.host, "::1");
  EXPECT_EQ(address.port, 0);
  EXPECT_EQ(address.text(), "[::1]:0");
}

TEST(Address, WhatIsNoAddressIsRefused) {
  for (const char* text : {"", ":", "host", "host:", ":7010", "host:65536", "host:-1", "host:7x",
                           "::1:7010", "[]:7010", "host: 7010"}) {
    EXPECT_THROW(parse_address(text), UsageError) << text;
  }
}

}  // namespace
}  // namespace wallaroo::giles
