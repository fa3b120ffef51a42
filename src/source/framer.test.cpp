#include "source/framer.hpp"

#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "base/stage_failure.hpp"
#include "source/framing_cases.rig.hpp"

namespace wallaroo::internal {
namespace {

using framing_cases::Outcome;

TEST(Framing, EverySplitOfTheBytesGivesTheSameRecords) {
  for (const auto& each : framing_cases::small_streams()) {
    const Framer framer(each.framing, 12);
    const Outcome whole = framing_cases::feed(framer, each.bytes, {});
    EXPECT_EQ(whole.records, each.records) << each.name;
    EXPECT_EQ(whole.cut_off.empty(), each.complete) << each.name;
    EXPECT_EQ(whole.error, "") << each.name;
    const std::size_t size = each.bytes.size();
    for (std::size_t first = 0; first <= size; ++first) {
      for (std::size_t second = first; second <= size; ++second) {
        EXPECT_EQ(framing_cases::feed(framer, each.bytes, {first, second}), whole)
            << each.name << " split at " << first << " and " << second;
      }
    }
    std::vector<std::size_t> every_byte(size);
    for (std::size_t i = 0; i < size; ++i) {
      every_byte[i] = i;
    }
    EXPECT_EQ(framing_cases::feed(framer, each.bytes, every_byte), whole) << each.name;
  }
}

TEST(Framing, RandomStreamsInRandomPiecesGiveTheRecordsThatWereWritten) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    for (const Framing& framing : framing_cases::all_framings()) {
      const auto stream = framing_cases::random_stream(framing, random);
      const Framer framer(framing, framing_cases::random_record_limit);
      const auto splits = framing_cases::random_splits(stream.bytes.size(), random);
      const Outcome pieces = framing_cases::feed(framer, stream.bytes, splits);
      EXPECT_EQ(pieces.records, stream.records);
      EXPECT_EQ(pieces.error + pieces.cut_off, "");
    }
  }
}

TEST(Framing, RandomBytesNeverDoMoreThanEndTheStreamTheSameWayInPieces) {
  std::mt19937_64 random(8);
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) {
      // Few distinct values, so that lengths are often plausible.
      byte = static_cast<char>(random() % 4 == 0 ? random() : random() % 12);
    }
    for (const Framing& framing : framing_cases::all_framings()) {
      const Framer framer(framing, 16);
      const Outcome whole = framing_cases::feed(framer, bytes, {});
      const auto splits = framing_cases::random_splits(bytes.size(), random);
      EXPECT_EQ(framing_cases::feed(framer, bytes, splits), whole);
    }
  }
}

TEST(Framing, AtMostTheFramesAskedForAreCutAndTheRestIsLeft) {
  for (const auto& each : framing_cases::small_streams()) {
    const Framer framer(each.framing, 12);
    std::vector<std::string_view> frames;
    const Cut cut = framer.cut(each.bytes, 1, frames);
    ASSERT_EQ(frames.size(), 1U) << each.name;
    EXPECT_FALSE(cut.starved) << each.name;
    EXPECT_EQ(frames[0], each.records[0]) << each.name;
  }
}

struct LengthCase {
  std::uint64_t length;
  bool accepted;
};

TEST(LengthPrefixFraming, LengthsAreCheckedAgainstTheMaximumWithoutOverflow) {
  constexpr std::uint64_t two_32 = std::uint64_t{1} << 32;
  const std::vector<LengthCase> cases{{0, true},
                                      {99, true},
                                      {100, true},
                                      {101, false},
                                      {255, false},
                                      {65535, false},
                                      {two_32 - 1, false},
                                      {two_32, false},
                                      {std::numeric_limits<std::uint64_t>::max() - 8, false},
                                      {std::numeric_limits<std::uint64_t>::max(), false}};
  for (const int width : {1, 2, 4, 8}) {
    for (const ByteOrder order : {ByteOrder::big, ByteOrder::little}) {
      const Framer framer(LengthPrefix{width, order}, 100);
      for (const LengthCase& each : cases) {
        if (width < 8 && each.length >> (8 * width) != 0) {
          continue;
        }
        const std::string header = framing_cases::length_prefix({width, order}, each.length);
        std::vector<std::string_view> frames;
        const Cut cut = framer.cut(header, 10, frames);
        EXPECT_EQ(cut.error.has_value(), !each.accepted) << width << ' ' << each.length;
        if (!each.accepted) {
          EXPECT_EQ(*cut.error, fmt::format("a record length of {} bytes is above the maximum of "
                                            "100",
                                            each.length));
        } else if (each.length > 0) {
          EXPECT_TRUE(cut.starved);
          EXPECT_EQ(cut.needed_bytes, static_cast<std::size_t>(width) + each.length);
        } else {
          EXPECT_EQ(frames, std::vector<std::string_view>{""});
        }
      }
    }
  }
}

TEST(LengthPrefixFraming, TheLargestMaximumStillRefusesWhatCannotBeCounted) {
  const Framer framer(LengthPrefix{8, ByteOrder::big}, std::numeric_limits<std::size_t>::max() / 4);
  std::vector<std::string_view> frames;
  EXPECT_TRUE(framer.cut(std::string(8, '\xff'), 10, frames).error);
  const Cut cut = framer.cut(std::string("\x10") + std::string(7, '\0'), 10, frames);
  EXPECT_FALSE(cut.error);
  EXPECT_EQ(cut.needed_bytes, (std::size_t{1} << 60) + 8);
}

TEST(LengthPrefixFraming, BytesOfAnHttpClientAreRecognised) {
  for (const char* bytes : {"GET / HTTP/1.1\r\n", "POST /x HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n"}) {
    const Framer framer(LengthPrefix{}, 1 << 20);
    EXPECT_TRUE(
        framing_cases::feed(framer, bytes, {})
            .error.ends_with("; the bytes look like HTTP: is an HTTP client talking to this port?"))
        << bytes;
  }
  const Framer framer(LengthPrefix{}, 1 << 20);
  EXPECT_EQ(framing_cases::feed(framer, "SSH-2.0-x", {}).error,
            "a record length of 1397966893 bytes is above the maximum of 1048576");
}

TEST(LengthPrefixFraming, AStreamThatEndsInARecordSaysHowMuchIsMissing) {
  const Framer framer(LengthPrefix{}, 100);
  EXPECT_EQ(framing_cases::feed(framer, std::string("\0\0", 2), {}).cut_off,
            "ended inside a length prefix: 2 of 4 bytes are missing");
  EXPECT_EQ(framing_cases::feed(framer,
                                std::string("\0\0\0\x5"
                                            "abc",
                                            7),
                                {})
                .cut_off,
            "ended inside a record: 2 of 5 bytes are missing");
}

TEST(NewlineFraming, TheMaximumCountsWithoutTheLineEnd) {
  const Framer framer(Newline{}, 3);
  EXPECT_EQ(framing_cases::feed(framer, "abc\nabc\r\nabc", {}).records,
            (std::vector<std::string>{"abc", "abc", "abc"}));
  for (const char* bytes : {"abcd\n", "abcd\r\n", "abcd", "abc\r\r\n", "abc\rd"}) {
    EXPECT_EQ(framing_cases::feed(framer, bytes, {}).error,
              "a line is longer than the maximum of 3 bytes")
        << bytes;
  }
}

TEST(NewlineFraming, OnlyOneCarriageReturnBelongsToTheLineEnd) {
  const Framer framer(Newline{}, 10);
  EXPECT_EQ(framing_cases::feed(framer, "a\r\r\n\r\n\nb\rc\nd\r", {}).records,
            (std::vector<std::string>{"a\r", "", "", "b\rc", "d"}));
}

TEST(NewlineFraming, BytesThatWereSearchedAreNotSearchedAgain) {
  const Framer framer(Newline{}, 100);
  std::vector<std::string_view> frames;
  const Cut first = framer.cut("abc", 10, frames);
  EXPECT_EQ(first.searched_bytes, 3U);
  // A line end within the bytes said to be searched is overlooked, which shows that they were not
  // looked at; the real caller never passes such bytes.
  const Cut second = framer.cut("a\ncdef", 10, frames, 3);
  EXPECT_TRUE(frames.empty());
  EXPECT_EQ(second.searched_bytes, 6U);
}

TEST(FixedSizeFraming, AStreamThatEndsInARecordSaysHowMuchIsMissing) {
  const Framer framer(FixedSize{4}, 4);
  const Outcome outcome = framing_cases::feed(framer, "abcdefg", {});
  EXPECT_EQ(outcome.records, std::vector<std::string>{"abcd"});
  EXPECT_EQ(outcome.cut_off, "ended inside a record: 1 of 4 bytes are missing");
}

Framer answering(FrameStep step) {
  return {CustomFraming{[step](std::string_view) { return step; }}, 4};
}

TEST(CustomFraming, AnAnswerThatIsNotPossibleIsAnError) {
  constexpr std::size_t huge = std::numeric_limits<std::size_t>::max();
  for (const FrameStep& step :
       {FrameStep::found(0, 0, 0), FrameStep::found(0, 3, 2), FrameStep::found(2, 2, 3),
        FrameStep::found(0, 1, 9), FrameStep::found(huge, 1, 4), FrameStep::found(1, huge, 4),
        FrameStep::found(0, huge, huge), FrameStep::found(huge, huge, huge)}) {
    const Outcome outcome = framing_cases::feed(answering(step), "abcdefgh", {});
    EXPECT_TRUE(outcome.error.starts_with("the framer's answer is impossible: ")) << outcome.error;
    EXPECT_TRUE(outcome.records.empty());
  }
}

TEST(CustomFraming, ItsOwnErrorsAndExceptionsAreReported) {
  EXPECT_EQ(framing_cases::feed(answering(FrameStep::failed("bad magic")), "x", {}).error,
            "bad magic");
  EXPECT_EQ(framing_cases::feed(answering(FrameStep::failed("")), "x", {}).error,
            "the framer refused the bytes");
  const Framer throwing(
      CustomFraming{[](std::string_view) -> FrameStep { throw std::runtime_error("oh"); }}, 4);
  EXPECT_EQ(framing_cases::feed(throwing, "x", {}).error, "the framer threw an exception: oh");
  const Framer throwing_int(CustomFraming{[](std::string_view) -> FrameStep { throw 1; }}, 4);
  EXPECT_EQ(framing_cases::feed(throwing_int, "x", {}).error, "the framer threw an exception");
}

TEST(CustomFraming, AStageFailureStopsTheApplication) {
  const Framer failing(
      CustomFraming{[](std::string_view) -> FrameStep { throw StageFailure("enough"); }}, 4);
  EXPECT_THROW(framing_cases::feed(failing, "x", {}), StageFailure);
}

TEST(CustomFraming, RecordsAndHeadersAreBoundedSoThatMemoryIs) {
  const Outcome longer = framing_cases::feed(answering(FrameStep::found(0, 5, 5)), "abcdefgh", {});
  EXPECT_EQ(longer.error,
            "a record of 5 bytes (5 with what surrounds it) is above the maximum of 4");
  const std::string much(4 + max_custom_overhead_bytes, 'x');
  EXPECT_EQ(framing_cases::feed(answering(FrameStep::more()), much, {}).error,
            "the framer found no record in 4100 bytes; the maximum is 4");
  EXPECT_EQ(framing_cases::feed(answering(FrameStep::more()), much.substr(1), {}).error, "");
}

TEST(Framing, OptionsThatMakeNoSenseAreRefused) {
  for (const int width : {-1, 0, 3, 5, 16}) {
    EXPECT_THROW(Framer(LengthPrefix{width, ByteOrder::big}, 10), ConfigError);
  }
  EXPECT_THROW(Framer(FixedSize{0}, 10), ConfigError);
  EXPECT_THROW(Framer(FixedSize{11}, 10), ConfigError);
  EXPECT_THROW(Framer(CustomFraming{}, 10), ConfigError);
  EXPECT_THROW(Framer(Newline{}, 0), ConfigError);
  EXPECT_THROW(Framer(Newline{}, std::numeric_limits<std::size_t>::max()), ConfigError);
}

}  // namespace
}  // namespace wallaroo::internal
