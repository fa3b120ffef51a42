#include "source/tcp/tcp_source.hpp"

#include <random>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "source/framing_cases.rig.hpp"
#include "source/source.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;
using testing_support::listening;
using testing_support::SourceRig;
using testing_support::TestClient;
using Records = std::vector<std::string>;

template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(TcpSource, RecordsOfEveryConnectionArriveInTheirOrderForEveryFraming) {
  std::mt19937_64 random(11);
  for (const Framing& framing : framing_cases::all_framings()) {
    TcpSource source("lines", listening(framing));
    SourceRig rig(source, 2);
    std::vector<TestClient> clients;
    std::vector<framing_cases::Stream> streams;
    std::vector<std::size_t> sent(10, 0);
    for (int i = 0; i < 10; ++i) {
      clients.emplace_back(source.address());
      streams.push_back(framing_cases::random_stream(framing, random));
    }
    std::size_t expected = 0;
    for (int round = 0; round < 200; ++round) {
      const std::size_t who = random() % 10;
      const std::string_view rest = std::string_view(streams[who].bytes).substr(sent[who]);
      const std::string_view piece = rest.substr(0, round < 150 ? random() % 100 : rest.size());
      clients[who].send(rig, piece);
      sent[who] += piece.size();
    }
    for (std::size_t i = 0; i < 10; ++i) {
      clients[i].send(rig, std::string_view(streams[i].bytes).substr(sent[i]));
      expected += streams[i].records.size();
    }
    rig.run_until_received(expected);
    for (std::size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(rig.records_from(clients[i].name()), streams[i].records);
    }
  }
}

TEST(TcpSource, ConnectionsAreDealtToAllExecutorsInTurn) {
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source, 3);
  std::vector<TestClient> clients;
  for (int i = 0; i < 9; ++i) {
    clients.emplace_back(source.address());
  }
  rig.run_until([&] { return rig.connections() == 9; });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(rig.at(i).metrics.connections.value(), 3);
    EXPECT_EQ(rig.at(i).metrics.connections_opened.value(), 3U);
  }
}

TEST(TcpSource, BatchesSayWhenTheirBytesWereReadAndMetricsCount) {
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source);
  rig.clock.advance(77ns);
  TestClient client(source.address());
  client.send(rig, "ab\ncd\n");
  rig.run_until_received(2);
  EXPECT_EQ(rig.receiver().last_ingest_ns, 77);
  EXPECT_EQ(rig.metrics().records.value(), 2U);
  EXPECT_EQ(rig.metrics().bytes.value(), 6U);
  client.close();
  rig.run_until([&] { return rig.connections() == 0; });
  EXPECT_EQ(rig.metrics().connections_opened.value(), 1U);
  EXPECT_EQ(rig.metrics().bad_records.value(), 0U);
  EXPECT_TRUE(rig.logged.empty());
}

TEST(TcpSource, APeerThatOnlyStopsSendingIsReadToItsEndAndTheLastLineNeedsNoLineEnd) {
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source);
  TestClient client(source.address());
  client.send(rig, "first\nlast");
  client.send_end();
  rig.run_until([&] { return client.closed_by_peer(); });
  EXPECT_EQ(rig.records(), (Records{"first", "last"}));
}

TEST(TcpSource, AConnectionThatComesSendsAndGoesAtOnceLosesNothing) {
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source, 2);
  for (int i = 0; i < 50; ++i) {
    TestClient client(source.address());
    ASSERT_EQ(client.try_send("one\ntwo\nthree").bytes, 13U);
    client.close();
  }
  rig.run_until_received(150);
  rig.run_until([&] { return rig.connections() == 0; });
}

TEST(TcpSource, AConnectionCutInsideARecordIsCountedAndLoggedWithThePeer) {
  TcpSource source("lines", listening(LengthPrefix{}));
  SourceRig rig(source);
  TestClient client(source.address());
  const std::string name = client.name();
  client.send(rig, framing_cases::framed(LengthPrefix{}, "whole") + std::string("\0\0\0\x9"
                                                                                "cut",
                                                                                7));
  client.close();
  rig.run_until([&] { return !rig.logged.empty(); });
  EXPECT_EQ(rig.records(), Records{"whole"});
  EXPECT_EQ(rig.logged[0], "source 'lines' from " + name +
                               ": the connection ended inside a record: 6 of 9 bytes are missing; "
                               "the record is dropped");
  EXPECT_EQ(rig.metrics().bad_records.value(), 1U);
  EXPECT_EQ(rig.metrics().framing_errors.value(), 0U);
  EXPECT_EQ(rig.connections(), 0);
}

TEST(TcpSource, AResetConnectionIsCountedAndLoggedAndItsCompleteRecordsAreDelivered) {
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source);
  TestClient client(source.address());
  const std::string name = client.name();
  client.send(rig, "whole\npart");
  rig.run_until_received(1);
  client.reset_connection();
  rig.run_until([&] { return !rig.logged.empty(); });
  EXPECT_EQ(rig.logged[0],
            "source 'lines' from " + name +
                ": the connection broke (connection reset by peer); data that the peer had sent "
                "and we had not received is lost, and 4 bytes of an incomplete record are dropped");
  EXPECT_EQ(rig.records(), Records{"whole"});
  EXPECT_EQ(rig.metrics().bad_records.value(), 1U);
}

TEST(TcpSource, AFramingErrorClosesThatConnectionOnlyAfterTheRecordsBeforeIt) {
  TcpSource source("lines", listening(LengthPrefix{}, 10));
  SourceRig rig(source);
  TestClient good(source.address());
  TestClient bad(source.address());
  const std::string name = bad.name();
  bad.send(rig, framing_cases::framed(LengthPrefix{}, "before") +
                    framing_cases::length_prefix({}, 0xffff'ffff) + "after");
  rig.run_until([&] { return bad.closed_by_peer(); });
  EXPECT_EQ(rig.logged, Records{"source 'lines' from " + name +
                                ": a record length of 4294967295 bytes is above the maximum of 10; "
                                "connection closed"});
  EXPECT_EQ(rig.metrics().framing_errors.value(), 1U);
  good.send(rig, framing_cases::framed(LengthPrefix{}, "still here"));
  rig.run_until_received(2);
  EXPECT_EQ(rig.records(), (Records{"before", "still here"}));
  EXPECT_EQ(rig.connections(), 1);
}

TEST(TcpSource, RecordsUpToTheMaximumArriveAndOneByteMoreDoesNot) {
  constexpr std::size_t max = 3'000'000;
  TcpSource source("lines", listening(LengthPrefix{}, max));
  SourceRig rig(source);
  TestClient client(source.address());
  const std::string longest(max, 'm');
  client.send(rig, framing_cases::framed(LengthPrefix{}, longest) +
                       framing_cases::framed(LengthPrefix{}, "") +
                       framing_cases::framed(LengthPrefix{}, longest));
  rig.run_until_received(3);
  EXPECT_TRUE((rig.records() == Records{longest, "", longest}));
  client.send(rig, framing_cases::length_prefix({}, max + 1));
  rig.run_until([&] { return client.closed_by_peer(); });
  EXPECT_EQ(rig.metrics().framing_errors.value(), 1U);
}

TEST(TcpSource, AnHttpClientIsRecognisedInTheLog) {
  TcpSource source("lines", listening(LengthPrefix{}));
  SourceRig rig(source);
  TestClient client(source.address());
  client.send(rig, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  rig.run_until([&] { return client.closed_by_peer(); });
  EXPECT_EQ(rig.count_logged("is an HTTP client talking to this port?"), 1U);
}

TEST(TcpSource, RandomBytesOfManyConnectionsHarmNobody) {
  std::mt19937_64 random(12);
  for (const Framing& framing : framing_cases::all_framings()) {
    TcpSource source("lines", listening(framing, 1000));
    SourceRig rig(source, 2);
    TestClient good(source.address());
    for (int i = 0; i < 20; ++i) {
      TestClient client(source.address());
      std::string bytes(random() % 20'000, ' ');
      std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
      client.try_send(bytes);
      rig.step();
    }
    rig.run_until([&] { return rig.connections() == 1 && !rig.step(); });
    const std::size_t before = rig.total_received();
    good.send(rig, framing_cases::framed(framing, "fixed"));
    rig.run_until_received(before + 1);
    EXPECT_EQ(rig.records_from(good.name()), Records{"fixed"});
  }
}

TEST(TcpSource, AnExceptionOfAStageIsLetThrough) {
  TcpSource source("lines", listening(Newline{}));
  SourceRig rig(source);
  rig.receiver().on_batch = [] { throw StageError("stage 'count' failed"); };
  TestClient client(source.address());
  client.try_send("x\n");
  EXPECT_THROW(rig.run_until([] { return false; }), StageError);
}

TEST(TcpSource, ErrorsNameTheSource) {
  TcpSource first("lines", listening(Newline{}));
  first.open();
  TcpSource second("more", listening(Newline{}));
  second.set_address(first.address());
  EXPECT_EQ(message_of([&] { second.open(); }),
            "source 'more': cannot listen on " + first.address() +
                ": address already in use (is another instance running?)");
  EXPECT_EQ(message_of([&] { second.set_address("7010"); }),
            "source 'more': '7010' is not an address: the port is missing; write host:port, for "
            "example 127.0.0.1:7010");
  EXPECT_EQ(message_of([&] {
              TcpSource("x", listening(LengthPrefix{3, ByteOrder::big}));
            }),
            "source 'x': a length prefix has 1, 2, 4 or 8 bytes, not 3");
  TcpSourceOptions none = listening(Newline{});
  none.max_connections = 0;
  EXPECT_EQ(message_of([&] { TcpSource("x", none); }),
            "source 'x': max_connections is 0; it must be at least 1");
}

}  // namespace
}  // namespace wallaroo::internal
