#include "giles/message_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "giles/error.hpp"
#include "giles/frame_counter.hpp"

namespace wallaroo::giles {
namespace {

const Framing kFramed{Framing::Kind::kLengthPrefixed, 0};
const Framing kLines{Framing::Kind::kNewline, 0};

// The bodies of the first `count` messages of each lane, put together as they were dealt.
std::vector<std::string> gather(const Lanes& lanes, Framing framing, std::uint64_t count,
                                std::uint64_t at_once) {
  std::vector<std::string> all(count);
  for (std::uint64_t lane = 0; lane < lanes.size(); ++lane) {
    std::uint64_t index = lane;
    while (index < count) {
      const std::uint64_t left = (count - index + lanes.size() - 1) / lanes.size();
      const Chunk chunk = lanes[lane]->next(std::min(left, at_once));
      std::uint64_t found = 0;
      for_each_record(framing, chunk.bytes, [&](std::string_view body) {
        all.at(index) = body;
        index += lanes.size();
        ++found;
      });
      EXPECT_EQ(found, chunk.messages);
      EXPECT_GE(found, 1U);
      EXPECT_LE(found, at_once);
    }
  }
  return all;
}

WireMessages messages_of(const FileFormat& format, std::string_view contents) {
  WireMessages messages;
  append_messages(format, contents, "file", messages);
  return messages;
}

std::vector<std::string> numbers(std::uint64_t first, std::uint64_t count) {
  std::vector<std::string> out;
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(std::to_string(first + i));
  return out;
}

TEST(MessageFile, LinesAreFramedAndALastLineNeedsNoNewline) {
  const WireMessages messages = messages_of({}, "ab\n\nc");
  EXPECT_EQ(messages.bytes, std::string("\0\0\0\2ab\0\0\0\0\0\0\0\1c", 15));
  EXPECT_EQ(messages.ends, (std::vector<std::uint64_t>{6, 10, 15}));
  EXPECT_EQ(messages_of({}, "").count(), 0U);
  EXPECT_EQ(messages_of({}, "\n").count(), 1U);
}

TEST(MessageFile, NewlineFramingGivesTheFileBack) {
  const FileFormat format{.line_framing = Framing::Kind::kNewline};
  EXPECT_EQ(messages_of(format, "ab\r\n\nc\n").bytes, "ab\r\n\nc\n");
  EXPECT_EQ(messages_of(format, "ab\nc").bytes, "ab\nc\n");
}

TEST(MessageFile, EmptyLinesAreSkippedWhenAskedFor) {
  const FileFormat format{.line_framing = Framing::Kind::kNewline, .skip_empty_lines = true};
  EXPECT_EQ(messages_of(format, "\n\na\n\r\n \n\n").bytes, "a\n \n");
}

TEST(MessageFile, FixedRecordsMustFillTheFile) {
  const FileFormat format{.kind = FileFormat::Kind::kFixed, .record_bytes = 3};
  EXPECT_EQ(messages_of(format, "aaabbb").ends, (std::vector<std::uint64_t>{3, 6}));
  EXPECT_THROW(messages_of(format, "aaabb"), RuntimeError);
}

TEST(MessageFile, SelfPrefixedRecordsAreSentAsTheyAreAndMustBeWhole) {
  const FileFormat format{.kind = FileFormat::Kind::kSelfPrefixed};
  const std::string two("\0\0\0\2ab\0\0\0\0", 10);
  EXPECT_EQ(messages_of(format, two).bytes, two);
  EXPECT_EQ(messages_of(format, two).ends, (std::vector<std::uint64_t>{6, 10}));
  for (const std::size_t cut : {1U, 3U, 5U, 7U, 9U}) {
    EXPECT_THROW(messages_of(format, two.substr(0, cut)), RuntimeError) << cut;
  }
}

TEST(MessageSource, CountersAreTheSameOverAnyNumberOfConnections) {
  for (const std::uint64_t lanes : {1U, 2U, 3U, 7U}) {
    for (const std::uint64_t at_once : {1U, 5U, 1'000'000U}) {
      const auto text = gather(counter_lanes(98, kFramed.kind, lanes), kFramed, 20, at_once);
      EXPECT_EQ(text, numbers(98, 20));
      EXPECT_EQ(gather(counter_lanes(98, kLines.kind, lanes), kLines, 20, at_once), text);
    }
  }
}

TEST(MessageSource, U64MessagesAreEightBytesBigEndian) {
  const Lanes lanes = u64_lanes(0x0102030405060708, 1);
  EXPECT_EQ(lanes[0]->next(1).bytes, std::string_view("\0\0\0\x08\1\2\3\4\5\6\7\x08", 12));
  EXPECT_EQ(lanes[0]->next(1).bytes, std::string_view("\0\0\0\x08\1\2\3\4\5\6\7\x09", 12));
}

TEST(MessageSource, ACallForMoreThanAChunkHoldsGivesAChunk) {
  const Lanes lanes = counter_lanes(0, kFramed.kind, 1);
  const Chunk chunk = lanes[0]->next(1'000'000'000);
  EXPECT_GE(chunk.messages, 1'000U);
  EXPECT_LT(chunk.bytes.size(), 1U << 20);
}

TEST(MessageSource, StampedMessagesCarryTheirScheduledTimes) {
  const StampedMessages messages{.record = {.keys = 3, .size_bytes = 24},
                                 .framing = Framing::Kind::kNewline,
                                 .schedule = Schedule::per_second(1'000, 1),
                                 .start_ns = 5};
  const auto records = gather(stamped_lanes(messages, 2), kLines, 4, 10);
  EXPECT_EQ(records,
            (std::vector<std::string>{"00000000000000000005 0 x", "00000000000001000005 1 x",
                                      "00000000000002000005 2 x", "00000000000003000005 0 x"}));
}

TEST(MessageSource, ARepeatedFileIsDealtRoundRobinAcrossItsEnd) {
  const std::string contents = "0\n1\n2\n3\n4\n";
  for (const std::uint64_t lanes : {1U, 2U, 3U, 5U, 7U, 11U}) {
    // Without copies for large writes, so that passes end often.
    const FileMessages messages(messages_of({}, contents), lanes, false);
    const auto all = gather(file_lanes(messages), kFramed, 103, 4);
    for (std::uint64_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], std::to_string(i % 5));
  }
}

TEST(MessageSource, AShortRepeatedFileFillsLargeWrites) {
  for (const std::uint64_t lanes : {1U, 3U}) {
    const FileMessages messages(messages_of({}, "0\n1\n2\n3\n4\n"), lanes, true);
    EXPECT_EQ(messages.count(), 5U);
    const Lanes all_lanes = file_lanes(messages);
    const auto all = gather(all_lanes, kFramed, 1'000'000, 1'000'000);
    for (std::uint64_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], std::to_string(i % 5));
    const FileMessages again(messages_of({}, "0\n1\n2\n3\n4\n"), lanes, true);
    EXPECT_GE(file_lanes(again)[0]->next(1'000'000'000).bytes.size(), 100'000U);
  }
}

}  // namespace
}  // namespace wallaroo::giles
