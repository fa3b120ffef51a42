#include "giles/frame_counter.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "giles/error.hpp"
#include "giles/incoming.hpp"

namespace wallaroo::giles {
namespace {

constexpr std::uint64_t kAnySize = 1 << 20;

std::string framed(const std::string& body) {
  std::string out(kLengthBytes, '\0');
  put_u32_be(static_cast<std::uint32_t>(body.size()), out.data());
  return out + body;
}

const Framing kFramed{Framing::Kind::kLengthPrefixed, 0};
const Framing kLines{Framing::Kind::kNewline, 0};
const Framing kFives{Framing::Kind::kFixed, 5};

struct Case {
  Framing framing;
  std::string bytes;
  std::vector<std::string> bodies;
};

std::vector<Case> cases() {
  return {{kFramed,
           framed("one") + framed("") + framed("a longer record") + framed(""),
           {"one", "", "a longer record", ""}},
          {kLines, "one\n\nthree and more\n\n", {"one", "", "three and more", ""}},
          {kFives, "aaaaabbbbbccccc", {"aaaaa", "bbbbb", "ccccc"}}};
}

TEST(FrameCounter, EverySplitOfTheBytesIntoThreeGivesTheSameRecords) {
  for (const Case& c : cases()) {
    for (std::size_t first = 0; first <= c.bytes.size(); ++first) {
      for (std::size_t second = first; second <= c.bytes.size(); ++second) {
        Incoming incoming(UniqueFd(), c.framing, kAnySize);
        std::vector<std::string> bodies;
        std::string verbatim;
        std::uint64_t counted = 0;
        for (const auto& [from, to] : {std::pair{std::size_t{0}, first}, std::pair{first, second},
                                       std::pair{second, c.bytes.size()}}) {
          const auto piece = std::string_view(c.bytes).substr(from, to - from);
          counted += incoming.collect(piece, [&](std::string_view records) {
            verbatim += records;
            for_each_record(c.framing, records, [&](auto body) { bodies.emplace_back(body); });
          });
        }
        ASSERT_EQ(bodies, c.bodies) << "split at " << first << " and " << second;
        ASSERT_EQ(verbatim, c.bytes);
        ASSERT_EQ(counted, c.bodies.size());
        ASSERT_FALSE(incoming.inside_record());
      }
    }
  }
}

TEST(FrameCounter, ByteByByteCountsEachRecordWhenItsLastByteComes) {
  FrameCounter counter(kFramed, kAnySize);
  const std::string bytes = framed("abc") + framed("");
  std::string ends;
  for (const char byte : bytes) ends += counter.consume({&byte, 1}).records == 1 ? 'x' : '.';
  EXPECT_EQ(ends, "......x...x");
}

TEST(FrameCounter, ACutStreamIsInsideARecord) {
  for (const Case& c : cases()) {
    FrameCounter counter(c.framing, kAnySize);
    counter.consume(std::string_view(c.bytes).substr(0, 2));
    EXPECT_EQ(counter.partial_bytes(), 2U);
  }
}

TEST(FrameCounter, TheTailAfterTheLastRecordIsTold) {
  FrameCounter counter(kLines, kAnySize);
  const FrameCounter::Step step = counter.consume("ab\ncd\nef");
  EXPECT_EQ(step.records, 2U);
  EXPECT_EQ(step.complete_bytes, 6U);
  EXPECT_EQ(counter.partial_bytes(), 2U);
}

TEST(FrameCounter, ManyLinesAreCountedOneByOneWhateverTheirLength) {
  std::mt19937 random(1);
  std::string bytes;
  std::uint64_t lines = 0;
  while (bytes.size() < 300'000) {
    bytes += std::string(random() % 3, 'x') + "\n";
    ++lines;
  }
  FrameCounter counter(kLines, kAnySize);
  EXPECT_EQ(counter.consume(bytes).records, lines);
}

TEST(FrameCounter, ARecordOfTheLargestSizePassesAndOneByteMoreThrows) {
  FrameCounter fitting(kFramed, 10);
  EXPECT_EQ(fitting.consume(framed("0123456789")).records, 1U);
  FrameCounter counter(kFramed, 10);
  EXPECT_THROW(counter.consume(framed("01234567890")), RuntimeError);
  FrameCounter lines(kLines, 10);
  EXPECT_THROW(lines.consume("01234567890"), RuntimeError);
}

TEST(FrameCounter, TextWhereALengthShouldBeNamesTheLikelyMistake) {
  FrameCounter counter(kFramed, kAnySize);
  try {
    counter.consume("GET / HTTP/1.1\r\n");
    FAIL() << "nothing was thrown";
  } catch (const RuntimeError& error) {
    EXPECT_NE(std::string(error.what()).find("another framing"), std::string::npos);
  }
}

TEST(FrameCounter, TheLargestLengthThrowsEvenWhenItComesByteByByte) {
  FrameCounter counter(kFramed, kAnySize);
  const std::string bytes = "\xff\xff\xff\xff";
  for (std::size_t i = 0; i < 3; ++i) counter.consume(bytes.substr(i, 1));
  EXPECT_THROW(counter.consume(bytes.substr(3)), RuntimeError);
}

TEST(RecordEnd, IsTheFirstEndAtOrAfterThePosition) {
  const std::string bytes = framed("ab") + framed("cd");
  for (std::size_t from = 0; from <= bytes.size(); ++from) {
    const auto end = record_end_at_or_after(kFramed, bytes, from);
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->position, from == 0 ? 0U : from <= 6 ? 6U : 12U);
    EXPECT_EQ(end->records, end->position / 6);
  }
  EXPECT_FALSE(record_end_at_or_after(kFramed, bytes.substr(0, 8), 7).has_value());
  EXPECT_FALSE(record_end_at_or_after(kLines, "a\nb", 3).has_value());
  EXPECT_FALSE(record_end_at_or_after(kFives, "aaaaabb", 6).has_value());
}

}  // namespace
}  // namespace wallaroo::giles
