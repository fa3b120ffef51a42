#include "metrics/push/push_message.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

using namespace std::string_literals;

std::string zeros(std::size_t bytes) { return std::string(bytes, '\0'); }

TEST(APushedMessage, ToConnectIsOneByte) { EXPECT_EQ(push_connect(), "\0\0\0\x01\x01"s); }

TEST(APushedMessage, ToJoinNamesTopicAndWorker) {
  EXPECT_EQ(push_join({"metrics:words", "initializer"}),
            "\0\0\0\x21\x02"
            "\0\0\0\x0dmetrics:words"
            "\0\0\0\x0binitializer"s);
  EXPECT_EQ(push_join({"", ""}), "\0\0\0\x09\x02\0\0\0\0\0\0\0\0"s);
}

TEST(APushedMessage, OfAHistogramIsWrittenByteForByte) {
  PushHistogram histogram;
  histogram.in_bin[0] = 5;
  histogram.in_bin[11] = 0x0102030405060708;
  histogram.in_bin[64] = 1;
  histogram.min_ns = 0;
  histogram.max_ns = 0xfffffffffffffffe;
  const std::string message =
      push_payload({"metrics:words", "w1"}, {"split", "computation", "lines", 2}, histogram,
                   {2'000'000'000, 0x1122334455667788});
  const std::string data =
      "\0\0\x02\xe9"  // 18 + 5 + 11 + 2 + 5 + 704
      "\0\0\0\x05split"
      "\0\0\0\x0b"
      "computation"
      "\0\0\0\x02w1"
      "\0\0\0\x05lines"
      "\0\x02"
      "\0\0\0\0\0\0\0\x05"s +
      zeros(10 * 8) + "\x01\x02\x03\x04\x05\x06\x07\x08"s + zeros(52 * 8) +
      "\0\0\0\0\0\0\0\x01"
      "\0\0\0\0\0\0\0\0"
      "\xff\xff\xff\xff\xff\xff\xff\xfe"
      "\0\0\0\0\x77\x35\x94\0"
      "\x11\x22\x33\x44\x55\x66\x77\x88"s;
  ASSERT_EQ(data.size(), 4U + 18 + 23 + 65 * 8 + 4 * 8);
  EXPECT_EQ(message,
            "\0\0\x02\x76\x03"  // 1 + 4 + 7 + 4 + 13 + 4 + 597
            "\0\0\0\x07metrics"
            "\0\0\0\x0dmetrics:words"
            "\0\0\x02\x55"s +
                data);
}

TEST(APushedMessage, OfAnEmptyHistogramHasTheGreatestMinimum) {
  const std::string message = push_payload({"", ""}, {}, {}, {1, 2});
  EXPECT_EQ(message.substr(message.size() - 32),
            "\xff\xff\xff\xff\xff\xff\xff\xff"
            "\0\0\0\0\0\0\0\0"
            "\0\0\0\0\0\0\0\x01"
            "\0\0\0\0\0\0\0\x02"s);
  EXPECT_EQ(message.substr(message.size() - 32 - 65 * 8, 65 * 8), zeros(65 * 8));
}

}  // namespace
}  // namespace wallaroo::internal
