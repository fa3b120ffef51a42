#include "sink/tcp/tcp_sink.hpp"

#include <chrono>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "sink/tcp/tcp.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

/// The records of a stream that begin with a number and end with a line end; a torn last one is
/// left out.
std::vector<std::uint64_t> whole_records(std::string_view stream) {
  std::vector<std::uint64_t> numbers;
  for (auto end = stream.find('\n'); end != std::string_view::npos; end = stream.find('\n')) {
    numbers.push_back(std::stoull(std::string(stream.substr(0, end))));
    stream.remove_prefix(end + 1);
  }
  return numbers;
}

TEST(TcpSink, ASmallBatchWaitsForFlushAndThenArrivesWhole) {
  Peer peer;
  RunningSink sink(options_for(peer.address()));
  ASSERT_TRUE(sink.connect_to(peer));
  sink.write({"one\n", "two\n"});
  EXPECT_EQ(sink.metrics.records.value(), 0U);
  EXPECT_EQ(sink.metrics.buffered_bytes.value(), 8);
  sink.writer->flush();
  EXPECT_EQ(sink.metrics.records.value(), 2U);
  EXPECT_EQ(sink.metrics.bytes.value(), 8U);
  EXPECT_EQ(sink.metrics.buffered_bytes.value(), 0);
  EXPECT_TRUE(sink.poll_until([&] { return peer.read(), peer.received == "one\ntwo\n"; }));
}

TEST(TcpSink, AFullBatchIsSentWithoutFlush) {
  Peer peer;
  RunningSink sink(options_for(peer.address()));
  ASSERT_TRUE(sink.connect_to(peer));
  sink.write({std::string(64 * 1024, 'x')});
  EXPECT_TRUE(sink.poll_until([&] { return peer.read(), peer.received.size() == 64 * 1024; }));
}

TEST(TcpSink, APeerThatIsAbsentAtStartGetsEverythingWhenItComes) {
  std::string address = Peer().address();
  RunningSink sink(options_for(address));
  sink.write({"one\n"});
  sink.writer->flush();
  ASSERT_TRUE(sink.poll_until([&] { return sink.lines_with("cannot connect") == 1; }));
  for (int i = 0; i < 50; ++i) {
    sink.loop.poll(std::nullopt);  // several more attempts fail
  }
  sink.write({"two\n"});
  EXPECT_EQ(sink.log_lines.size(), 1U) << "one line, not one per attempt";
  EXPECT_EQ(sink.log_lines.at(0),
            "sink 'totals': cannot connect to " + address +
                ": connection refused; trying again with backoff; the pipeline waits");
  Peer peer(address);
  ASSERT_TRUE(sink.connect_to(peer));
  EXPECT_TRUE(sink.poll_until([&] { return peer.read(), peer.received == "one\ntwo\n"; }));
  EXPECT_EQ(sink.lines_with("connected to " + address), 1U);
  EXPECT_EQ(sink.metrics.reconnects.value(), 0U);
}

TEST(TcpSink, ANameIsResolvedAndAnUnknownOneIsReportedOnce) {
  Peer peer;
  const std::string port = peer.address().substr(peer.address().find(':'));
  RunningSink sink(options_for("localhost" + port));
  ASSERT_TRUE(sink.connect_to(peer));

  RunningSink lost(options_for("no-such-host.invalid:7002"));
  EXPECT_TRUE(lost.poll_until([&] { return lost.lines_with("no-such-host.invalid:7002") == 1; }));
}

TEST(TcpSink, APeerThatClosesWhileNothingIsSentIsConnectedAgain) {
  Peer peer;
  RunningSink sink(options_for(peer.address()));
  ASSERT_TRUE(sink.connect_to(peer));
  for (std::uint64_t round = 1; round <= 3; ++round) {
    peer.hang_up();
    ASSERT_TRUE(sink.poll_until([&] { return sink.lines_with("lost the connection") == round; }));
    ASSERT_TRUE(sink.connect_to(peer));
    EXPECT_EQ(sink.metrics.reconnects.value(), round);
  }
  sink.write({"still here\n"});
  sink.writer->flush();
  EXPECT_TRUE(sink.poll_until([&] { return peer.read(), peer.received == "still here\n"; }));
}

TEST(TcpSink, ARecordTornByALostConnectionIsSentAgainWhole) {
  Peer peer;
  auto options = options_for(peer.address());
  options.max_buffer_bytes = 64 << 20;
  RunningSink sink(options);
  ASSERT_TRUE(sink.connect_to(peer));
  const std::string large = record(2, 32 << 20);  // more than the sockets' buffers hold
  sink.write({record(1, 10), large, record(3, 10)});
  sink.writer->flush();
  ASSERT_TRUE(sink.poll_until([&] { return peer.read(1 << 20), peer.received.size() > 1 << 20; }));
  EXPECT_EQ(sink.metrics.records.value(), 1U);
  peer.hang_up();
  ASSERT_TRUE(sink.connect_to(peer));
  const std::string expected = large + record(3, 10);
  EXPECT_TRUE(
      sink.poll_until([&] { return peer.read(), peer.received.size() >= expected.size(); }));
  EXPECT_TRUE(peer.received == expected);
  EXPECT_EQ(sink.metrics.records.value(), 3U);
}

TEST(TcpSink, WhateverThePeerReadsBeforeItGoesNoRecordIsTornRepeatedOrOutOfOrder) {
  std::mt19937 random(11);
  Peer peer;
  auto options = options_for(peer.address());
  options.max_buffer_bytes = 16 << 20;
  RunningSink sink(options);
  std::vector<std::uint64_t> numbers;
  std::uint64_t next = 0;
  const auto collect = [&] {
    for (const std::uint64_t number : whole_records(peer.received)) {
      numbers.push_back(number);
    }
  };
  for (int round = 0; round < 12; ++round) {
    ASSERT_TRUE(sink.connect_to(peer));
    while (sink.writer->can_accept()) {
      std::vector<std::string> records;
      for (int i = 0; i < 50; ++i) {
        records.push_back(record(next++, random() % 60'000));
      }
      sink.write(records);
    }
    sink.writer->flush();
    const std::size_t wanted = random() % (8 << 20);
    ASSERT_TRUE(sink.poll_until([&] {
      peer.read(std::min<std::size_t>(wanted - std::min(wanted, peer.received.size()), 100'000));
      return peer.received.size() >= wanted;
    }));
    collect();
    peer.hang_up();
    ASSERT_TRUE(sink.poll_until([&] { return sink.metrics.connected.value() == 0; }));
  }
  ASSERT_TRUE(sink.connect_to(peer));
  sink.writer->finish();
  ASSERT_TRUE(sink.poll_until([&] { return peer.read(), peer.ended; }));
  collect();
  ASSERT_TRUE(sink.poll_until([&] { return sink.writer->finished(); }));
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    ASSERT_LT(numbers[i - 1], numbers[i]);
  }
  EXPECT_EQ(numbers.back(), next - 1);
  EXPECT_TRUE(peer.received.ends_with('\n'));
  EXPECT_EQ(sink.metrics.records.value(), next);
  EXPECT_EQ(sink.metrics.records_lost.value(), 0U);
}

TEST(TcpSink, APeerThatNeverReadsHoldsThePipelineBackWithinTheBound) {
  Peer peer;
  auto options = options_for(peer.address());
  options.max_buffer_bytes = 100'000;
  RunningSink sink(options);
  ASSERT_TRUE(sink.connect_to(peer));
  std::string sent;
  for (int i = 0; sink.writer->can_accept(); ++i) {
    ASSERT_LT(i, 100'000) << "it never pushes back";
    const std::string each = record(static_cast<std::uint64_t>(i), 5'000);
    sink.write({each});
    sent += each;
    ASSERT_LT(sink.metrics.buffered_bytes.value(), 100'000 + 5'100);
  }
  sink.loop.poll(0ms);
  EXPECT_FALSE(sink.writer->can_accept());
  ASSERT_TRUE(sink.poll_until([&] { return peer.read(), sink.writer->can_accept(); }));
  sink.writer->finish();
  ASSERT_TRUE(sink.poll_until([&] { return peer.read(), peer.ended; }));
  EXPECT_TRUE(peer.received == sent);
}

TEST(TcpSink, ABufferOfOneByteStillPassesRecords) {
  Peer peer;
  auto options = options_for(peer.address());
  options.max_buffer_bytes = 1;
  RunningSink sink(options);
  sink.write({"one\n"});
  EXPECT_FALSE(sink.writer->can_accept());
  ASSERT_TRUE(sink.connect_to(peer));
  ASSERT_TRUE(sink.writer->can_accept());
  sink.write({"two\n"});
  EXPECT_TRUE(sink.poll_until([&] { return peer.read(), peer.received == "one\ntwo\n"; }));
}

TEST(TcpSink, WhatThePeerSendsIsDroppedAndFillsNothing) {
  Peer peer;
  RunningSink sink(options_for(peer.address()));
  ASSERT_TRUE(sink.connect_to(peer));
  const std::string noise(256 * 1024, 'n');
  std::size_t sent = 0;
  ASSERT_TRUE(sink.poll_until([&] {
    sent += peer.send(noise).bytes;
    return sent > 32U << 20;
  }));
  sink.write({"answer\n"});
  sink.writer->flush();
  EXPECT_TRUE(sink.poll_until([&] { return peer.read(), peer.received == "answer\n"; }));
  EXPECT_EQ(sink.lines_with("lost"), 0U);
}

TEST(TcpSink, ReconnectsWaitLongerForAPeerThatClosesAtOnce) {
  Peer peer;
  TcpSinkOptions options{.connect = peer.address(), .first_backoff = 1s, .max_backoff = 1h};
  RunningSink<ManualClock> sink(options);
  auto longest = 1s;
  for (std::uint64_t round = 1; round <= 5; ++round) {
    ASSERT_TRUE(sink.connect_to(peer));
    peer.hang_up();
    ASSERT_TRUE(sink.poll_until([&] { return sink.lines_with("lost") == round; }));
    const auto delay =
        std::chrono::nanoseconds(sink.loop.next_timer_ns().value() - sink.clock.now_ns());
    EXPECT_GE(delay, longest / 2);
    EXPECT_LE(delay, longest);
    longest *= 2;
    sink.clock.advance(delay);
  }
  ASSERT_TRUE(sink.connect_to(peer));
  sink.clock.advance(1h);  // a stable connection
  peer.hang_up();
  ASSERT_TRUE(sink.poll_until([&] { return sink.lines_with("lost") == 6; }));
  EXPECT_LE(sink.loop.next_timer_ns().value() - sink.clock.now_ns(), 1'000'000'000);
}

TEST(TcpSink, GoingAwayInAnyStateLeavesNothingInTheLoop) {
  Peer peer;
  {
    RunningSink sink(options_for(peer.address()));
    sink.writer.reset();  // dialling
    EXPECT_EQ(sink.loop.next_timer_ns(), std::nullopt);
    sink.loop.poll(0ms);
  }
  {
    RunningSink sink(options_for(peer.address()));
    ASSERT_TRUE(sink.connect_to(peer));
    sink.write({record(1, 40 << 20)});
    sink.writer->finish();
    sink.writer.reset();  // connected and draining
    EXPECT_EQ(sink.loop.next_timer_ns(), std::nullopt);
    sink.loop.poll(0ms);
  }
}

void expect_config_error(const std::function<void()>& action, std::string_view part) {
  try {
    action();
    FAIL() << "no error about " << part;
  } catch (const ConfigError& error) {
    const std::string_view text = error.what();
    EXPECT_NE(text.find("sink 'totals'"), std::string_view::npos) << text;
    EXPECT_NE(text.find(part), std::string_view::npos) << text;
  }
}

TEST(TcpSink, WrongOptionsAreErrorsThatNameTheSink) {
  for (const char* address : {"", "localhost", "127.0.0.1:", ":7002", "127.0.0.1:70000"}) {
    TcpSink sink("totals", {.connect = address});
    expect_config_error([&] { sink.open(); }, "");
    expect_config_error([&] { sink.set_address(address); }, "");
  }
  const auto open = [](TcpSinkOptions options) {
    options.connect = options.connect.empty() ? "127.0.0.1:7002" : options.connect;
    return [options] { TcpSink("totals", options).open(); };
  };
  expect_config_error(open({.connect = "127.0.0.1:0"}), "port 0");
  expect_config_error(open({.connect = "", .max_buffer_bytes = 0}), "max_buffer_bytes");
  expect_config_error(open({.connect = "", .first_backoff = 0ms}), "first_backoff");
  expect_config_error(open({.connect = "", .first_backoff = 5s, .max_backoff = 1s}), "max_backoff");
  expect_config_error(open({.connect = "", .drain_timeout = -1ms}), "drain_timeout");
}

TEST(TcpSink, TheAddressGivenLastIsUsed) {
  Peer peer;
  TcpSink sink("totals", options_for("127.0.0.1:9"));
  sink.set_address(peer.address());
  EXPECT_EQ(sink.address(), peer.address());
  sink.open();
  SinkWorld<SteadyClock> world;
  const auto writer = sink.writer(world.context());
  writer->start();
  EXPECT_TRUE(world.poll_until([&] { return peer.accept(); }));
}

}  // namespace
}  // namespace wallaroo::internal
