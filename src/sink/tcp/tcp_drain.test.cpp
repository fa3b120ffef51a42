#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "sink/tcp/tcp.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

TEST(TcpDrain, FinishDeliversEverythingAndThenEndsTheStream) {
  Peer peer;
  RunningSink sink(options_for(peer.address()));
  ASSERT_TRUE(sink.connect_to(peer));
  std::string sent;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const std::string each = record(i, 9'000);
    sink.write({each});
    sent += each;
  }
  sink.writer->finish();
  sink.writer->finish();
  ASSERT_TRUE(sink.poll_until([&] { return peer.read(), peer.ended; }));
  EXPECT_TRUE(peer.received == sent);
  EXPECT_TRUE(sink.poll_until([&] { return sink.writer->finished(); }));
  EXPECT_EQ(sink.metrics.connected.value(), 0);
  EXPECT_EQ(sink.metrics.records_lost.value(), 0U);
}

TEST(TcpDrain, FinishDoesNotWaitForAPeerThatKeepsItsSideOpenOrSendsToTheEnd) {
  Peer peer;
  RunningSink sink(options_for(peer.address()));
  ASSERT_TRUE(sink.connect_to(peer));
  sink.write({"last\n"});
  sink.writer->finish();
  EXPECT_TRUE(sink.poll_until([&] {
    (void)peer.send("noise");
    return sink.writer->finished();
  }));
  peer.read();
  EXPECT_EQ(peer.received, "last\n");
}

TEST(TcpDrain, FinishWithNothingToSendDoesNotWaitForAnAbsentPeer) {
  RunningSink sink(options_for(Peer().address()));
  sink.writer->finish();
  EXPECT_TRUE(sink.writer->finished());
  EXPECT_EQ(sink.metrics.records_lost.value(), 0U);
}

TEST(TcpDrain, APeerThatComesWhileDrainingGetsEverything) {
  const std::string address = Peer().address();
  RunningSink sink(options_for(address));
  sink.write({"one\n"});
  sink.writer->finish();
  ASSERT_TRUE(sink.poll_until([&] { return sink.lines_with("cannot connect") == 1; }));
  EXPECT_FALSE(sink.writer->finished());
  Peer peer(address);
  ASSERT_TRUE(sink.poll_until([&] { return peer.accept(); }));
  ASSERT_TRUE(sink.poll_until([&] { return peer.read(), peer.ended; }));
  EXPECT_EQ(peer.received, "one\n");
}

TEST(TcpDrain, DrainingGivesUpOnAnAbsentPeerAndCountsWhatIsLost) {
  const std::string address = Peer().address();
  auto options = options_for(address);
  options.drain_timeout = 10s;
  RunningSink<ManualClock> sink(options);
  sink.write({"one\n", "two\n", "three\n"});
  sink.writer->finish();
  sink.clock.advance(9'999ms);
  sink.loop.poll(0ms);
  EXPECT_FALSE(sink.writer->finished());
  sink.clock.advance(2ms);
  ASSERT_TRUE(sink.poll_until([&] { return sink.writer->finished(); }));
  EXPECT_EQ(sink.metrics.records_lost.value(), 3U);
  EXPECT_EQ(sink.lines_with("gave up 3 records (14 bytes) and all that follow: " + address +
                            " was away for 10000 ms"),
            1U);
}

TEST(TcpDrain, DrainingGivesUpOnAPeerThatDoesNotReadButNotOnOneThatReadsSlowly) {
  Peer peer;
  auto options = options_for(peer.address());
  options.drain_timeout = 10s;
  RunningSink<ManualClock> sink(options);
  ASSERT_TRUE(sink.connect_to(peer));
  sink.write({record(1, 10), record(2, 40 << 20), record(3, 10)});
  sink.writer->finish();
  for (int i = 0; i < 10; ++i) {  // 60 s in all, but the peer takes something all the time
    const std::uint64_t before = sink.metrics.bytes.value();
    ASSERT_TRUE(sink.poll_until([&] {
      peer.read(100'000);
      return sink.metrics.bytes.value() > before;
    }));
    sink.clock.advance(6s);
    sink.loop.poll(0ms);
    ASSERT_FALSE(sink.writer->finished());
  }
  sink.clock.advance(11s);
  ASSERT_TRUE(sink.poll_until([&] {
    sink.clock.advance(11s);
    return sink.writer->finished();
  }));
  EXPECT_EQ(sink.metrics.records_lost.value(), 2U);
  EXPECT_EQ(sink.lines_with("gave up 2 records"), 1U);
  EXPECT_EQ(sink.lines_with("read nothing for 10000 ms"), 1U);
}

TEST(TcpDrain, DrainingWithInputStillToComeGivesUpAndDropsTheRest) {
  auto options = options_for(Peer().address());
  options.drain_timeout = 10s;
  options.max_buffer_bytes = 8;
  RunningSink<ManualClock> sink(options);
  sink.write({"one\n", "two\n"});
  ASSERT_FALSE(sink.writer->can_accept());
  sink.writer->drain();
  sink.clock.advance(10s);
  sink.loop.poll(0ms);
  EXPECT_EQ(sink.metrics.records_lost.value(), 2U);
  sink.write({"three\n"});
  sink.write({"four\n"});
  sink.writer->flush();
  EXPECT_FALSE(sink.writer->finished());
  sink.writer->finish();
  EXPECT_TRUE(sink.writer->finished());
  EXPECT_EQ(sink.metrics.records_lost.value(), 4U);
  EXPECT_EQ(sink.lines_with("gave up 2 records (8 bytes) and all that follow"), 1U);
  EXPECT_EQ(sink.loop.next_timer_ns(), std::nullopt);
}

TEST(TcpDrain, DrainingDoesNotGiveUpOnAPeerThatHasNothingToRead) {
  Peer peer;
  auto options = options_for(peer.address());
  options.drain_timeout = 10s;
  RunningSink<ManualClock> sink(options);
  ASSERT_TRUE(sink.connect_to(peer));
  sink.writer->drain();
  for (int i = 0; i < 5; ++i) {
    sink.clock.advance(11s);
    sink.loop.poll(0ms);
  }
  sink.clock.advance(9s);
  sink.write({"late\n"});  // its wait begins now
  sink.clock.advance(9s);
  sink.loop.poll(0ms);
  sink.writer->flush();
  ASSERT_TRUE(sink.poll_until([&] { return peer.read(), peer.received == "late\n"; }));
  sink.writer->finish();
  ASSERT_TRUE(sink.poll_until([&] {
    sink.clock.advance(5ms);
    return sink.writer->finished();
  }));
  EXPECT_EQ(sink.metrics.records_lost.value(), 0U);
  EXPECT_EQ(sink.lines_with("gave up"), 0U);
}

}  // namespace
}  // namespace wallaroo::internal
