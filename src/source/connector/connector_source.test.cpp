#include "source/connector/connector_source.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "source/source.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace connector_protocol;
using testing_support::SourceRig;
using testing_support::TestClient;
using Records = std::vector<std::string>;

ConnectorSourceOptions listening() {
  return {.listen = "127.0.0.1:0", .cookie = "cookie", .max_credits = 100};
}

/// A client of a connector source.
class Client {
 public:
  Client(SourceRig& rig, const Source& source) : rig_(rig), client_(source.address()) {}

  void say(const Frame& frame) { client_.send(rig_, encode(frame)); }
  void say_bytes(std::string_view bytes) { client_.send(rig_, bytes); }
  /// The next answer.
  Frame hear() {
    std::optional<Frame> frame;
    rig_.run_until([&] {
      heard_ += client_.take();
      if (const auto body = first_frame(heard_, 1 << 20)) {
        frame = decode(*body);
        heard_.erase(0, length_bytes + body->size());
      }
      return frame.has_value();
    });
    return *frame;
  }
  void greet() {
    say(Hello{"0.0.1", "cookie", "prog", "i"});
    EXPECT_TRUE(hear() == Frame(Ok{100}));
  }
  NotifyAck notify(std::uint64_t stream) {
    say(Notify{stream, fmt::format("s{}", stream), 0});
    return std::get<NotifyAck>(hear());
  }
  void send(std::uint64_t stream, std::uint64_t id, std::string_view payload) {
    say(Message{stream, id, 0, "key", payload});
  }
  /// The next answer that has positions.
  std::vector<StreamPosition> hear_positions() {
    for (;;) {
      if (const Ack ack = std::get<Ack>(hear()); !ack.streams.empty()) {
        return ack.streams;
      }
    }
  }
  bool closed() { return heard_.empty() && client_.closed_by_peer(); }
  void wait_until_closed() {
    rig_.run_until([&] { return client_.closed_by_peer(); });
  }
  TestClient& connection() { return client_; }

 private:
  SourceRig& rig_;
  TestClient client_;
  std::string heard_;
};

std::vector<SourcePosition> save_all(SourceRig& rig, int executors, std::uint64_t number) {
  std::vector<SourcePosition> all;
  for (int i = 0; i < executors; ++i) {
    for (SourcePosition& each : rig.at(i).reader->save(number)) {
      all.push_back(std::move(each));
    }
  }
  return all;
}

void complete_all(SourceRig& rig, int executors, std::uint64_t number) {
  for (int i = 0; i < executors; ++i) {
    rig.at(i).reader->completed(number);
  }
}

TEST(ConnectorSource, MessagesOfEveryStreamArriveInTheirOrderWithTheirOrigin) {
  ConnectorSource source("feed", listening());
  SourceRig rig(source, 2);
  std::map<std::string, Records> wanted;
  std::vector<std::unique_ptr<Client>> clients;
  std::mt19937_64 random(5);
  for (std::uint64_t i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<Client>(rig, source));
    clients.back()->greet();
    for (std::uint64_t stream = 10 * i; stream < 10 * i + 3; ++stream) {
      const NotifyAck ack = clients.back()->notify(stream);
      EXPECT_TRUE(ack == (NotifyAck{true, stream, nothing_processed}));
    }
  }
  std::size_t sent = 0;
  for (std::uint64_t id = 0; id < 500; ++id) {
    const std::uint64_t i = random() % 4;
    const std::uint64_t stream = 10 * i + random() % 3;
    const std::string payload(1 + random() % 300, static_cast<char>('a' + id % 26));
    clients[i]->send(stream, id, payload);
    const std::string origin =
        clients[i]->connection().name() + " stream 's" + std::to_string(stream) + "'";
    wanted[origin].push_back(payload);
    ++sent;
  }
  rig.run_until_received(sent);
  for (const auto& [origin, records] : wanted) {
    EXPECT_EQ(rig.records_from(origin), records);
  }
  EXPECT_EQ(rig.at(0).metrics.records.value() + rig.at(1).metrics.records.value(), sent);
}

TEST(ConnectorSource, CreditsAreNotGivenBackWhileThePipelineIsFull) {
  ConnectorSource source("feed", listening());
  SourceRig rig(source);
  Client client(rig, source);
  client.greet();
  client.notify(1);
  rig.receiver().is_blocked = true;
  for (std::uint64_t id = 1; id <= 99; ++id) {
    client.send(1, id, "x");
  }
  for (int i = 0; i < 20; ++i) {
    rig.step();
  }
  EXPECT_EQ(client.connection().take(), "");
  rig.receiver().is_blocked = false;
  EXPECT_TRUE(client.hear() == Frame(Ack{50, {}}));
  EXPECT_TRUE(client.hear() == Frame(Ack{50, {}}));
  EXPECT_EQ(rig.total_received(), 99U);
}

TEST(ConnectorSource, MessagesComeInBatchesOfTheSizeThatTheStagesAskFor) {
  ConnectorSource source("feed", listening());
  SourceRig rig(source);
  Client client(rig, source);
  client.greet();
  client.notify(1);
  client.notify(2);
  rig.receiver().most = 3;
  std::size_t most = 0;
  std::size_t before = 0;
  rig.receiver().on_batch = [&] { rig.receiver().is_blocked = true; };
  for (std::uint64_t id = 1; id <= 40; ++id) {
    client.send(1 + id % 2, id, "x");
  }
  while (rig.total_received() < 40) {
    rig.receiver().is_blocked = false;
    rig.run_until_received(before + 1);
    most = std::max(most, rig.total_received() - std::exchange(before, rig.total_received()));
  }
  EXPECT_EQ(most, 3U);
}

TEST(ConnectorSource, AnErrorIsToldLoggedAndCountedAndClosesThatConnectionOnly) {
  ConnectorSourceOptions options = listening();
  options.max_frame_bytes = 50;
  ConnectorSource source("feed", options);
  SourceRig rig(source);
  Client good(rig, source);
  good.greet();
  good.notify(1);
  Client bad(rig, source);
  const std::string name = bad.connection().name();
  bad.greet();
  bad.notify(2);
  bad.say_bytes(encode(Message{2, 1, 0, "", "before"}) + std::string("\0\0\1\0after", 9));
  EXPECT_TRUE(bad.hear() == Frame(connector_protocol::Error{
                                "a record length of 256 bytes is above the maximum of 50"}));
  bad.wait_until_closed();
  Client impolite(rig, source);
  impolite.greet();
  impolite.say(Hello{"0.0.1", "cookie", "prog", "i"});
  EXPECT_TRUE(impolite.hear() ==
              Frame(connector_protocol::Error{"a second HELLO on one connection"}));
  impolite.wait_until_closed();
  good.send(1, 1, "after");
  rig.run_until_received(2);
  EXPECT_EQ(rig.records(), (Records{"before", "after"}));
  EXPECT_EQ(rig.metrics().framing_errors.value(), 2U);
  EXPECT_EQ(rig.count_logged("source 'feed' from " + name + ": a record length of 256 bytes"), 1U);
  EXPECT_EQ(rig.connections(), 1);
}

TEST(ConnectorSource, AStreamWhoseConnectionBreaksGoesOnOnAnotherExecutorWithoutDuplicates) {
  ConnectorSource source("feed", listening());
  SourceRig rig(source, 2);
  Client first(rig, source);
  Client second(rig, source);
  first.greet();
  second.greet();
  first.notify(1);
  EXPECT_FALSE(second.notify(1).success);
  first.send(1, 5, "five");
  rig.run_until_received(1);
  first.connection().reset_connection();
  EXPECT_TRUE(std::get<Ack>(second.hear()).streams.empty()) << "an invitation to ask again";
  EXPECT_TRUE(second.notify(1) == (NotifyAck{true, 1, 5}));
  second.send(1, 5, "five again");
  second.send(1, 6, "six");
  rig.run_until_received(2);
  EXPECT_EQ(rig.total_received(), 2U);
}

TEST(ConnectorSource, CheckpointsAcknowledgeAndARestartGoesOnBehindThem) {
  std::vector<SourcePosition> positions;
  {
    ConnectorSource source("feed", listening());
    SourceRig rig(source, 2, true);
    Client client(rig, source);
    Client other(rig, source);
    client.greet();
    other.greet();
    client.notify(1);
    other.notify(2);
    client.send(1, 10, "a");
    other.send(2, 7, "b");
    rig.run_until_received(2);
    positions = save_all(rig, 2, 1);
    client.send(1, 11, "not in the checkpoint");
    rig.run_until_received(3);
    complete_all(rig, 2, 1);
    EXPECT_EQ(client.hear_positions(), (std::vector<StreamPosition>{{1, 10}}));
    EXPECT_EQ(other.hear_positions(), (std::vector<StreamPosition>{{2, 7}}));
  }
  ConnectorSource source("feed", listening());
  source.restore(positions);
  SourceRig rig(source, 1, true);
  Client client(rig, source);
  client.greet();
  EXPECT_EQ(client.notify(1).point_of_reference, 10U);
  EXPECT_EQ(client.notify(2).point_of_reference, 7U);
  EXPECT_EQ(client.notify(3).point_of_reference, nothing_processed);
  EXPECT_EQ(save_all(rig, 1, 2).size(), 2U);
}

TEST(ConnectorSource, AnEndedStreamIsAcknowledgedByTheCheckpointThatHasAllOfIt) {
  ConnectorSource source("feed", listening());
  SourceRig rig(source, 2, true);
  Client client(rig, source);
  client.greet();
  client.notify(1);
  client.send(1, 10, "a");
  save_all(rig, 2, 1);
  client.say(EndOfStream{1});
  client.say(Notify{1, "s1", 0});
  EXPECT_TRUE(client.hear() == Frame(NotifyAck{false, 1, 0})) << "after the EOS was seen";
  complete_all(rig, 2, 1);
  EXPECT_TRUE(std::get<Ack>(client.hear()).streams.empty()) << "the message came after the barrier";
  save_all(rig, 2, 2);
  complete_all(rig, 2, 2);
  EXPECT_EQ(client.hear_positions(), (std::vector<StreamPosition>{{1, 10}}));
  Client other(rig, source);
  other.greet();
  EXPECT_EQ(other.notify(1).point_of_reference, 10U);
}

TEST(ConnectorSource, ARestartWaitsOnEveryExecutorForTheStreamsThatHadNotEnded) {
  std::vector<SourcePosition> positions;
  {
    ConnectorSource source("feed", listening());
    SourceRig rig(source, 1, true);
    Client client(rig, source);
    client.greet();
    for (const std::uint64_t stream : {1, 2, 3}) {
      client.notify(stream);
    }
    client.send(1, 10, "a");
    client.send(2, 10, "b");
    client.say(EndOfStream{2});
    client.send(1, 11, "c");
    rig.run_until_received(3);
    positions = save_all(rig, 1, 1);
  }
  ConnectorSource source("feed", listening());
  SourceRig rig(source, 2, true, positions);
  using Set = std::set<std::uint64_t>;
  EXPECT_EQ(rig.at(0).receiver.awaited, Set{0}) << "the second stream had ended, the third is new";
  EXPECT_EQ(rig.at(1).receiver.awaited, Set{0});
  Client client(rig, source);
  client.greet();
  EXPECT_EQ(client.notify(1).point_of_reference, 11U);
  rig.run_until(
      [&] { return rig.at(0).receiver.awaited.empty() && rig.at(1).receiver.awaited.empty(); });
  EXPECT_EQ(rig.at(0).receiver.open.size() + rig.at(1).receiver.open.size(), 1U);
  EXPECT_EQ(client.notify(2).point_of_reference, 10U);
}

TEST(ConnectorSource, AStreamThatStaysAwayIsStillWaitedForAfterTheNextRestart) {
  std::vector<SourcePosition> positions;
  {
    ConnectorSource source("feed", listening());
    SourceRig rig(source, 2, true);
    Client client(rig, source);
    client.greet();
    client.notify(1);
    client.send(1, 10, "a");
    rig.run_until_received(1);
    positions = save_all(rig, 2, 1);
  }
  for (int restart = 0; restart < 3; ++restart) {
    ConnectorSource source("feed", listening());
    SourceRig rig(source, 2, true, positions);
    EXPECT_EQ(rig.at(1).receiver.awaited.size(), 1U);
    positions = save_all(rig, 2, 2);
  }
}

TEST(ConnectorSource, AStreamThatIsCutIsWaitedForOnEveryExecutorUntilItIsBack) {
  ConnectorSource source("feed", listening());
  SourceRig rig(source, 2);
  Client first(rig, source);
  Client second(rig, source);
  first.greet();
  second.greet();
  first.notify(1);
  first.send(1, 5, "five");
  rig.run_until_received(1);
  first.connection().reset_connection();
  rig.run_until([&] {
    return rig.at(0).receiver.awaited.size() == 1 && rig.at(1).receiver.awaited.size() == 1;
  });
  EXPECT_TRUE(second.notify(1).success);
  rig.run_until(
      [&] { return rig.at(0).receiver.awaited.empty() && rig.at(1).receiver.awaited.empty(); });
  EXPECT_EQ(rig.at(0).receiver.open.size() + rig.at(1).receiver.open.size(), 1U);
  second.say(EndOfStream{1});
  rig.run_until([&] { return rig.at(0).receiver.open.empty() && rig.at(1).receiver.open.empty(); });
  EXPECT_TRUE(rig.at(0).receiver.awaited.empty() && rig.at(1).receiver.awaited.empty())
      << "its sender has said that it ends";
}

TEST(ConnectorSource, AfterTheStopTheLastCheckpointIsAcknowledgedBeforeConnectionsClose) {
  ConnectorSource source("feed", listening());
  SourceRig rig(source, 1, true);
  Client client(rig, source);
  client.greet();
  client.notify(1);
  client.send(1, 10, "a");
  rig.run_until_received(1);
  rig.at(0).reader->stop();
  rig.run_until([&] { return rig.at(0).reader->finished(); });
  save_all(rig, 1, 1);
  EXPECT_FALSE(client.closed());
  complete_all(rig, 1, 1);
  EXPECT_EQ(client.hear_positions(), (std::vector<StreamPosition>{{1, 10}}));
  client.wait_until_closed();
}

TEST(ConnectorSource, WithoutCheckpointsConnectionsCloseWhenWhatWasReadIsDelivered) {
  ConnectorSource source("feed", listening());
  SourceRig rig(source);
  Client client(rig, source);
  client.greet();
  client.notify(1);
  rig.receiver().on_batch = [&] { rig.receiver().is_blocked = true; };
  std::string bytes;
  for (std::uint64_t id = 1; id <= 3000; ++id) {
    append(bytes, Message{1, id, 0, "", "x"});
  }
  client.say_bytes(bytes);
  rig.run_until([&] { return rig.receiver().is_blocked; });
  rig.at(0).reader->stop();
  EXPECT_FALSE(rig.at(0).reader->finished());
  rig.receiver().on_batch = nullptr;
  rig.receiver().is_blocked = false;
  rig.run_until([&] { return rig.at(0).reader->finished(); });
  EXPECT_GE(rig.total_received(), 1024U);
  client.wait_until_closed();
}

TEST(ConnectorSource, RandomBytesHarmNobody) {
  std::mt19937_64 random(12);
  ConnectorSource source("feed", listening());
  SourceRig rig(source, 2, true);
  Client good(rig, source);
  good.greet();
  good.notify(1);
  for (int i = 0; i < 200; ++i) {
    Client client(rig, source);
    std::string bytes = i % 2 == 0 ? encode(Hello{"0.0.1", "cookie", "", ""}) : "";
    for (int frame = 0; frame < 5; ++frame) {
      std::string body(1 + random() % 40, ' ');
      std::generate(body.begin(), body.end(), [&] { return static_cast<char>(random() % 10); });
      bytes.append(3, '\0').append(1, static_cast<char>(body.size())).append(body);
    }
    client.connection().try_send(bytes);
    rig.step();
  }
  rig.run_until([&] { return rig.connections() == 1 && !rig.step(); });
  const std::size_t before = rig.total_received();
  good.send(1, 1, "still here");
  rig.run_until_received(before + 1);
  EXPECT_EQ(rig.records().back(), "still here");
}

TEST(ConnectorSource, ErrorsNameTheSource) {
  const auto message_of = [](auto change) -> std::string {
    ConnectorSourceOptions options = listening();
    change(options);
    try {
      ConnectorSource source("feed", options);
      source.restore({{"x", "y"}});
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message_of([](auto& o) { o.max_credits = 0; }),
            "source 'feed': max_credits must be at least 1: without credits nobody may send "
            "anything");
  EXPECT_EQ(message_of([](auto& o) { o.refill_credits = 100; }),
            "source 'feed': refill_credits (100) must be less than max_credits (100)");
  EXPECT_EQ(message_of([](auto&) {}),
            "source 'feed': the checkpoint's position 'x' (1 bytes) is not that of a connector's "
            "stream: was the source of another kind when the checkpoint was made?");
}

}  // namespace
}  // namespace wallaroo::internal
