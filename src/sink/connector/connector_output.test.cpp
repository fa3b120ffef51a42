#include "sink/connector/connector_output.hpp"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/connector_protocol.hpp"
#include "sink/connector/connector_transaction.hpp"
#include "sink/sink.rig.hpp"

namespace wallaroo::internal {
namespace {

std::string message(std::uint64_t offset, std::string_view payload) {
  return connector_protocol::encode(
      connector_protocol::Message{connector_protocol::data_stream, offset, 0, {}, payload});
}

struct Output : SinkWorld<ManualClock> {
  explicit Output(std::uint64_t offset = 0) : output(clock, metrics, offset) {}

  void push(const std::vector<std::string>& records) { output.push(*batch_of(records)); }
  /// Takes at most `bytes` of the sendable bytes.
  std::string take(std::size_t bytes = 1 << 20) {
    std::array<iovec, 4> parts;
    const std::size_t count = output.gather(parts);
    std::string all;
    for (std::size_t i = 0; i < count; ++i) {
      all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    }
    if (all.size() > bytes) {
      all.resize(bytes);
    }
    output.taken(all.size());
    return all;
  }

  ConnectorOutput output;
};

TEST(ConnectorOutput, EachRecordIsAMessageNamedByItsOffset) {
  Output world(1000);
  world.push({"-40.0\n", "", "-38.2\n"});
  world.push({""});
  EXPECT_EQ(world.take(), message(1000, "-40.0\n") + message(1006, "-38.2\n"));
  EXPECT_EQ(world.output.offset(), 1012U);
  EXPECT_EQ(world.metrics.records.value(), 4U) << "those without bytes count as sent";
  EXPECT_TRUE(world.output.empty());
}

TEST(ConnectorOutput, WhatFollowsABarrierWaits) {
  Output world;
  world.push({"before"});
  world.output.hold();
  world.push({"behind"});
  EXPECT_EQ(world.take(), message(0, "before"));
  EXPECT_EQ(world.output.sendable(), 0U);
  EXPECT_EQ(world.take(), "");
  EXPECT_EQ(world.output.untaken_offset(), 6U);
  world.output.release();
  EXPECT_EQ(world.take(), message(6, "behind"));
}

TEST(ConnectorOutput, AnyWayOfTakingGivesTheSameBytes) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    Output world(round);
    std::string expected;
    std::string got;
    std::uint64_t offset = round;
    bool held = false;
    for (int step = 0; step < 40; ++step) {
      if (random() % 3 == 0) {
        got += world.take(random() % 300);
      } else if (random() % 6 == 0) {
        held = !held;
        held ? world.output.hold() : world.output.release();
      } else {
        const std::string record(random() % 200, static_cast<char>('a' + step % 26));
        expected += record.empty() ? "" : message(offset, record);
        offset += record.size();
        world.push({record});
      }
    }
    world.output.release();
    while (world.output.sendable() != 0) {
      got += world.take();
    }
    ASSERT_TRUE(got == expected);
  }
}

TEST(ConnectorOutput, ATornRecordComesBackWhole) {
  Output world;
  world.push({"one", "two", "three"});
  const std::size_t first = message(0, "one").size();
  EXPECT_EQ(world.take(first + 5).size(), first + 5);
  EXPECT_TRUE(world.output.may_be_torn());
  world.output.restore_torn_record();
  EXPECT_EQ(world.output.untaken_offset(), 3U);
  EXPECT_EQ(world.take(), message(3, "two") + message(6, "three"));
  EXPECT_FALSE(world.output.may_be_torn());
}

TEST(ConnectorTransaction, NamesAreStableAndTellTheCheckpoint) {
  // Receivers keep output under this name: another one would begin anew.
  EXPECT_EQ(connector_stream_name("App", "initializer", "totals"),
            "App-w-initializer-id-16267437944850139612");
  const std::string id = connector_transaction("App-w-x-id-1", 14);
  EXPECT_EQ(id, "App-w-x-id-1:c_id=14");
  EXPECT_EQ(checkpoint_of_transaction("App-w-x-id-1", id), 14U);
  for (const std::string_view other :
       {"App-w-x-id-12:c_id=14", "App-w-x-id-1:c_id=", "App-w-x-id-1:c_id=1x", "App-w-x-id-1",
        "App-w-x-id-1:c_id=99999999999999999999", "App-w-x-id-1:c_id=-1", ""}) {
    EXPECT_EQ(checkpoint_of_transaction("App-w-x-id-1", other), std::nullopt) << other;
  }
}

TEST(ConnectorTransaction, AVoteIsReadBackAndNothingElseIs) {
  const ConnectorVote vote{"App-w-x-id-1", 0x0102030405060708};
  const std::string bytes = encode_vote(vote);
  EXPECT_EQ(bytes,
            "\x01\x01\x02\x03\x04\x05\x06\x07\x08"
            "App-w-x-id-1");
  EXPECT_EQ(decode_vote(bytes), vote);
  for (std::size_t size = 0; size < 10; ++size) {
    EXPECT_EQ(decode_vote(bytes.substr(0, size)), std::nullopt);
  }
  std::string other = bytes;
  other[0] = 3;
  EXPECT_EQ(decode_vote(other), std::nullopt);

  const ConnectorVote with_instance{"App-w-initializer-id-1", 7, "initializer-out"};
  const std::string longer = encode_vote(with_instance);
  EXPECT_EQ(longer.substr(9), std::string_view("\0\x0f"
                                               "initializer-outApp-w-initializer-id-1",
                                               39));
  EXPECT_EQ(decode_vote(longer), with_instance);
  for (std::size_t size = 0; size < 27; ++size) {
    EXPECT_EQ(decode_vote(longer.substr(0, size)), std::nullopt);
  }
}

TEST(ConnectorTransaction, TheInstanceOfASinkWithoutAWorkerCanBeTheNameOfAFile) {
  EXPECT_EQ(default_connector_instance("totals-1.b_C"), "initializer-totals-1.b_C");
  const std::string slash = default_connector_instance("a/b");
  EXPECT_TRUE(slash.starts_with("initializer-a_b-")) << slash;
  EXPECT_NE(slash, default_connector_instance("a b"));
}

}  // namespace
}  // namespace wallaroo::internal
