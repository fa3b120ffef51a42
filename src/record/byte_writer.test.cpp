#include <wallaroo/types/byte_writer.hpp>

#include <limits>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <sys/mman.h>

namespace wallaroo {
namespace {

template <class Write>
std::string written(Write write) {
  std::string bytes = "before ";
  {
    ByteWriter out(bytes);
    write(out);
  }
  return bytes.substr(7);
}

TEST(ByteWriter, DecimalsOfEveryLengthAreWhatToStringSays) {
  std::uint64_t value = 1;
  for (int length = 1; length <= 20; ++length) {
    for (const std::uint64_t n : {value - 1, value, value + 1, value * 7}) {
      EXPECT_EQ(written([&](ByteWriter& out) { out.decimal(n); }), std::to_string(n));
    }
    value *= 10;
  }
  const auto largest = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(written([&](ByteWriter& out) { out.decimal(largest); }), std::to_string(largest));
  for (unsigned n = 0; n < 3000; ++n) {
    EXPECT_EQ(written([&](ByteWriter& out) { out.decimal(n); }), std::to_string(n));
  }
}

TEST(ByteWriter, SignedAndFloatingNumbersReadBackAsTheSameValue) {
  EXPECT_EQ(written([](ByteWriter& out) { out.decimal(-42).append(' ').decimal(0.1); }), "-42 0.1");
  EXPECT_EQ(written([](ByteWriter& out) { out.decimal(std::numeric_limits<double>::lowest()); }),
            "-1.7976931348623157e+308");
}

TEST(ByteWriter, BinaryIntegersHaveTheByteOrderOfTheirName) {
  EXPECT_EQ(written([](ByteWriter& out) { out.big_endian(std::uint32_t{0x01020304}); }),
            "\x01\x02\x03\x04");
  EXPECT_EQ(written([](ByteWriter& out) { out.little_endian(std::uint16_t{0x0102}); }), "\x02\x01");
}

TEST(ByteWriter, GrowsForRecordsOfAnySizeAndTakesBackWhatIsTruncated) {
  std::string expected;
  std::string bytes;
  ByteWriter out(bytes);
  for (std::size_t size = 0; size < 3000; size += 7) {
    const std::string piece(size, static_cast<char>('a' + size % 26));
    out.append(piece);
    expected += piece;
    const std::size_t before = out.size();
    EXPECT_EQ(before, expected.size());
    out.append("to be taken back").decimal(size);
    out.truncate(before);
  }
  out.append('!');
  out.close();
  EXPECT_EQ(bytes, expected + "!");
}

TEST(ByteWriter, AnEmptyAppendBeforeAnythingElseIsHarmless) {
  EXPECT_EQ(written([](ByteWriter& out) { out.append(std::string_view()); }), "");
}

TEST(ByteWriter, RefusesARecordThatIsLongerThanASinkTakes) {
  // Reserves addresses only: the writer must refuse the bytes before it reads one.
  constexpr std::size_t size = std::size_t{5} << 30;
  void* const memory =
      ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  const std::string_view large(static_cast<const char*>(memory), size);
  std::string bytes;
  ByteWriter writer(bytes);
  writer.append("before");
  EXPECT_THROW(writer.append(large.substr(0, max_encoded_record_bytes + (1 << 20))),
               std::length_error);
  EXPECT_THROW(writer.append(large), std::length_error);
  writer.append(" and after");
  writer.close();
  EXPECT_EQ(bytes, "before and after");
  ::munmap(memory, size);
}

}  // namespace
}  // namespace wallaroo
