#include "link/channels/frame.hpp"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo::internal::link {
namespace {

struct Cut {
  std::vector<Frame> frames;
  FrameCutter cutter;
  void take(std::string_view bytes) {
    cutter.take(bytes, [&](Frame frame) { frames.push_back(std::move(frame)); });
  }
};

std::vector<Frame> cut(std::string_view bytes) {
  Cut cut;
  cut.take(bytes);
  EXPECT_TRUE(cut.cutter.at_boundary());
  return std::move(cut.frames);
}

DataFrame some_data() { return {{1234, true}, 99, ""}; }

void put_records(std::string_view records, StoredWriter& out) {
  FrameHead head;
  head.records = 7;
  head.channel = 3;
  head.backlog = 100'000;
  put_data(
      head, some_data(), [&](StoredWriter& to) { to.put_bytes(records.data(), records.size()); },
      out);
}

/// A frame of each kind.
std::string all_kinds() {
  StoredWriter out;
  put_open(3, {4, 5}, out);
  put_records("the records", out);
  put_barrier(3, {{-5, true}, {17, true}}, out);
  put_credit(3, {10, 20}, out);
  put_wish(3, 77, out);
  put_ping(123, out);
  put_pong(-123, out);
  put_end(3, out);
  put_closed(3, out);
  return out.take();
}

void expect_all_kinds(const std::vector<Frame>& frames) {
  ASSERT_EQ(frames.size(), 9U);
  EXPECT_EQ(read_open(frames[0]), (Open{4, 5}));
  EXPECT_EQ(frames[0].head.channel, 3U);
  const DataFrame data = read_data(frames[1]);
  EXPECT_EQ(data.watermark, (Watermark{1234, true}));
  EXPECT_EQ(data.age_ns, 99);
  EXPECT_EQ(data.records, "the records");
  EXPECT_EQ(frames[1].head, (FrameHead{27, FrameKind::data, true, 7, 3, 100'000}));
  const BarrierFrame barrier = read_barrier(frames[2]);
  EXPECT_EQ(barrier.watermark, (Watermark{-5, true}));
  EXPECT_EQ(barrier.barrier.checkpoint, 17U);
  EXPECT_TRUE(barrier.barrier.last);
  EXPECT_EQ(read_credit(frames[3]), (Credit{10, 20}));
  EXPECT_EQ(frames[4].head, (FrameHead{0, FrameKind::credit, false, 0, 3, 77}));
  EXPECT_THROW(read_credit(frames[4]), FrameError);
  EXPECT_EQ(read_time(frames[5]), 123);
  EXPECT_EQ(read_time(frames[6]), -123);
  EXPECT_EQ(frames[7].head.kind, FrameKind::end);
  EXPECT_EQ(frames[8].head.kind, FrameKind::closed);
}

TEST(Frames, ComeBackHoweverTheirBytesArrive) {
  const std::string bytes = all_kinds();
  expect_all_kinds(cut(bytes));
  for (std::size_t piece = 1; piece < 50; ++piece) {
    Cut pieces;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      pieces.take(std::string_view(bytes).substr(at, piece));
    }
    expect_all_kinds(pieces.frames);
  }
}

TEST(Frames, MayBeReceivedRightIntoTheirBodies) {
  StoredWriter out;
  put_records(std::string(1000, 'r'), out);
  Cut direct;
  EXPECT_TRUE(direct.cutter.space().empty());
  direct.take(out.bytes().substr(0, head_bytes + 10));
  EXPECT_FALSE(direct.cutter.at_boundary());
  std::string_view rest = out.bytes().substr(head_bytes + 10);
  while (!rest.empty()) {
    const std::span<char> space = direct.cutter.space();
    ASSERT_EQ(space.size(), rest.size());
    const std::size_t bytes = std::min<std::size_t>(rest.size(), 300);
    rest.copy(space.data(), bytes);
    rest.remove_prefix(bytes);
    direct.cutter.filled(bytes, [&](Frame frame) { direct.frames.push_back(std::move(frame)); });
  }
  ASSERT_EQ(direct.frames.size(), 1U);
  EXPECT_EQ(read_data(direct.frames[0]).records, std::string(1000, 'r'));
}

TEST(Frames, AreInTheDocumentedBytes) {
  StoredWriter out;
  put_open(0x01020304, {0x0506, 0x0708}, out);
  EXPECT_EQ(out.bytes().substr(0, 16),
            std::string_view("\x04\0\0\0\x01\0\0\0\x04\x03\x02\x01\0\0\0\0", 16));
  EXPECT_EQ(out.bytes().substr(20), "\x06\x05\x08\x07");
}

/// Returns false when the bytes are refused.
bool are_frames(std::string_view bytes) {
  try {
    Cut broken;
    broken.take(bytes);
    for (const Frame& frame : broken.frames) {
      if (frame.head.kind == FrameKind::barrier) {
        read_barrier(frame);
      }
    }
    return broken.cutter.at_boundary();
  } catch (const FrameError&) {
    return false;
  }
}

TEST(Frames, WithAnyBitChangedAreRefused) {
  const std::string bytes = all_kinds();
  ASSERT_TRUE(are_frames(bytes));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(are_frames(flipped)) << bit;
  }
}

TEST(Frames, OfWrongSizesAreRefusedBeforeMemoryIsTaken) {
  const auto refused = [](FrameHead head) {
    StoredWriter out;
    out.put(head.bytes);
    out.put(head.kind);
    out.put(std::uint8_t{0});
    out.put(head.records);
    out.put(std::uint64_t{0});
    out.put(std::uint32_t{0});
    Cut broken;
    EXPECT_THROW(broken.take(out.bytes()), FrameError) << head.bytes;
  };
  refused({std::numeric_limits<std::uint32_t>::max(), FrameKind::data});
  refused({15, FrameKind::data});
  refused({0, FrameKind::barrier});
  refused({8, FrameKind::credit});
  refused({1, FrameKind::end});
  refused({4, FrameKind::open, false, 1});
  refused({0, static_cast<FrameKind>(0)});
  refused({0, static_cast<FrameKind>(9)});
}

TEST(PutData, LeavesNothingBehindWhenRecordsCannotBeWritten) {
  StoredWriter out;
  put_end(1, out);
  const std::string before(out.bytes());
  const auto fails = [](StoredWriter& to) {
    to.put(1);
    throw StoredError("no");
  };
  EXPECT_THROW(put_data({}, some_data(), fails, out), StoredError);
  EXPECT_EQ(out.bytes(), before);
}

}  // namespace
}  // namespace wallaroo::internal::link
