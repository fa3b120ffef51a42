#include "giles/stamp.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace wallaroo::giles {
namespace {

std::string written(StampedRecord record, std::uint64_t index, std::uint64_t stamp_ns) {
  std::string out(record.size_bytes, '?');
  write_stamped_record(record, index, stamp_ns, out.data());
  return out;
}

TEST(Stamp, TheRecordHoldsStampKeyAndPadding) {
  EXPECT_EQ(written({.keys = 1000, .size_bytes = 30}, 1042, 123456789),
            "00000000000123456789 042 xxxxx");
}

TEST(Stamp, TheSmallestRecordHasNoPadding) {
  EXPECT_EQ(smallest_stamped_record(1), 22U);
  EXPECT_EQ(smallest_stamped_record(10), 22U);
  EXPECT_EQ(smallest_stamped_record(11), 23U);
  EXPECT_EQ(written({.keys = 11, .size_bytes = 23}, 10, 1), "00000000000000000001 10");
  EXPECT_EQ(written({.keys = 11, .size_bytes = 24}, 10, 1), "00000000000000000001 10 ");
}

TEST(Stamp, WhatIsWrittenIsRead) {
  for (const std::uint64_t stamp : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 63,
                                    std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_EQ(read_stamp(written({.keys = 5, .size_bytes = 64}, 3, stamp)), stamp);
  }
}

TEST(Stamp, WhatIsNotAStampIsRefused) {
  EXPECT_FALSE(read_stamp(""));
  EXPECT_FALSE(read_stamp("0000000000000000000"));
  EXPECT_FALSE(read_stamp("0000000000000000000x"));
  EXPECT_FALSE(read_stamp(" 00000000000000000001"));
  EXPECT_FALSE(read_stamp("18446744073709551616"));
  EXPECT_FALSE(read_stamp("99999999999999999999"));
}

}  // namespace
}  // namespace wallaroo::giles
