#include "sink/connector/connector_sink.hpp"

#include <chrono>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "base/failpoint.hpp"
#include "sink/connector/connector.rig.hpp"
#include "sink/connector/connector_transaction.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;
namespace protocol = connector_protocol;
using Behaviour = Receiver::Behaviour;
using Strings = std::vector<std::string>;

constexpr auto off = RunningConnectorSink<>::Checkpoints::off;
constexpr auto on = RunningConnectorSink<>::Checkpoints::on;

/// A behaviour: `what` at the first frame of this name, else `act`.
auto once(std::string name, Behaviour what) {
  return [name = std::move(name), what, done = false](std::string_view frame) mutable {
    return frame == name && !std::exchange(done, true) ? what : Behaviour::act;
  };
}

template <class Sink>
bool prepare(Sink& sink, Receiver& receiver, std::uint64_t number) {
  sink.writer->prepare(number);
  return sink.serve_until(receiver, [&] { return sink.listener.last_prepared == number; });
}

template <class Sink>
bool commit(Sink& sink, Receiver& receiver, std::uint64_t number) {
  sink.writer->commit(number);
  return sink.serve_until(receiver, [&] {
    return sink.listener.last_committed == number && receiver.uncommitted_transactions() == 0;
  });
}

TEST(ConnectorSink, ACheckpointCommitsWhatCameBeforeItsBarrierAndTheRestWaits) {
  Receiver receiver;
  RunningConnectorSink<> sink(connector_options_for(receiver.address()));
  ASSERT_TRUE(sink.connect_to(receiver));
  EXPECT_EQ(receiver.hello().program_name, "wallaroo");
  EXPECT_EQ(receiver.hello().instance_name, "initializer-totals");
  EXPECT_EQ(receiver.hello().cookie, "Dragons-Love-Tacos");
  sink.write({"one\n", "two\n"});
  sink.writer->flush();
  sink.writer->barrier(1);
  sink.write({"three\n"});
  sink.writer->flush();
  sink.run_for(receiver, 20);
  EXPECT_EQ(receiver.held(), "one\ntwo\n");
  EXPECT_EQ(receiver.frames, (Strings{"HELLO", "NOTIFY", "LIST"}));
  ASSERT_TRUE(prepare(sink, receiver, 1));
  EXPECT_EQ(receiver.committed(), "");
  EXPECT_EQ(sink.metrics.records.value(), 2U);
  ASSERT_TRUE(commit(sink, receiver, 1));
  EXPECT_EQ(receiver.committed(), "one\ntwo\n");
  ASSERT_TRUE(sink.serve_until(receiver, [&] { return receiver.held() == "one\ntwo\nthree\n"; }));
  EXPECT_EQ(sink.metrics.records.value(), 3U);
  EXPECT_EQ(receiver.complaints, Strings{});
  EXPECT_EQ(sink.listener.reasons, Strings{});
}

TEST(ConnectorSink, AnAbandonedCheckpointLetsTheOutputGoOn) {
  Receiver receiver;
  RunningConnectorSink<> sink(connector_options_for(receiver.address()));
  ASSERT_TRUE(sink.connect_to(receiver));
  sink.write({"one\n"});
  sink.writer->barrier(1);
  sink.write({"two\n"});
  sink.writer->abandon(1);
  ASSERT_TRUE(sink.serve_until(receiver, [&] { return receiver.held() == "one\ntwo\n"; }));
  sink.writer->barrier(2);
  ASSERT_TRUE(prepare(sink, receiver, 2));
  ASSERT_TRUE(commit(sink, receiver, 2));
  EXPECT_EQ(receiver.committed(), "one\ntwo\n");
  EXPECT_EQ(receiver.complaints, Strings{});
}

TEST(ConnectorSink, ARefusedVoteRollsBack) {
  Receiver receiver;
  receiver.vote = [] { return false; };
  RunningConnectorSink<> sink(connector_options_for(receiver.address()));
  ASSERT_TRUE(sink.connect_to(receiver));
  sink.write({"one\n"});
  sink.writer->barrier(1);
  sink.writer->prepare(1);
  ASSERT_TRUE(sink.serve_until(receiver, [&] { return !sink.listener.reasons.empty(); }));
  EXPECT_EQ(sink.listener.reasons,
            Strings{"sink 'totals': " + receiver.address() + " refused checkpoint 1"});
  EXPECT_FALSE(sink.writer->can_accept());
  sink.run_for(receiver, 20);
  EXPECT_FALSE(receiver.connected()) << "nothing is sent until the application has gone back";
  EXPECT_EQ(sink.listener.reasons.size(), 1U);
}

TEST(ConnectorSink, OnlyAConnectionOverWhichSomethingUncommittedWasSentIsMissed) {
  Receiver receiver;
  RunningConnectorSink<> sink(connector_options_for(receiver.address()));
  for (std::uint64_t round = 1; round <= 3; ++round) {
    ASSERT_TRUE(sink.connect_to(receiver));
    sink.write({"all\n"});
    sink.writer->barrier(round);
    ASSERT_TRUE(prepare(sink, receiver, round));
    ASSERT_TRUE(commit(sink, receiver, round));
    receiver.hang_up();
    ASSERT_TRUE(sink.poll_until([&] { return sink.metrics.connected.value() == 0; }));
  }
  ASSERT_TRUE(sink.connect_to(receiver));
  EXPECT_EQ(sink.metrics.reconnects.value(), 3U);
  EXPECT_EQ(receiver.point_of_reference(), 12U);
  EXPECT_EQ(sink.listener.reasons, Strings{});
  sink.write({"lost\n"});
  sink.writer->flush();
  receiver.hang_up();
  ASSERT_TRUE(sink.poll_until([&] { return !sink.listener.reasons.empty(); }));
  EXPECT_NE(sink.listener.reasons.front().find("has not committed what was sent"),
            std::string::npos);
  EXPECT_EQ(receiver.committed(), "all\nall\nall\n");
  EXPECT_EQ(receiver.complaints, Strings{});
}

TEST(ConnectorSink, ACommitIsRepeatedUntilTheReceiverHasIt) {
  Receiver receiver;
  RunningConnectorSink<> sink(connector_options_for(receiver.address()));
  ASSERT_TRUE(sink.connect_to(receiver));
  sink.write({"one\n"});
  sink.writer->barrier(1);
  ASSERT_TRUE(prepare(sink, receiver, 1));
  receiver.hang_up();  // between the vote and the decision
  ASSERT_TRUE(sink.poll_until([&] { return sink.metrics.connected.value() == 0; }));
  receiver.behaviour = once("PHASE_2", Behaviour::close);  // it did not get there
  ASSERT_TRUE(commit(sink, receiver, 1));
  EXPECT_EQ(receiver.committed(), "one\n");
  EXPECT_EQ(receiver.complaints, Strings{});
  EXPECT_EQ(sink.listener.reasons, Strings{});
}

TEST(ConnectorSink, ARestartCommitsOrUndoesWhatIsInDoubt) {
  for (const bool complete : {true, false}) {
    Receiver receiver;
    SinkRecovery recovery;
    {
      RunningConnectorSink<> sink(connector_options_for(receiver.address()));
      ASSERT_TRUE(sink.connect_to(receiver));
      sink.write({"one\n"});
      sink.writer->barrier(7);
      ASSERT_TRUE(prepare(sink, receiver, 7));
      recovery = complete ? SinkRecovery{7, sink.listener.vote} : SinkRecovery{};
    }
    RunningConnectorSink<> sink(connector_options_for(receiver.address()), on, recovery);
    sink.write({"two\n"});
    sink.writer->flush();
    const std::string expected = complete ? "one\n" : "";
    ASSERT_TRUE(sink.serve_until(receiver, [&] { return receiver.held() == expected + "two\n"; }));
    EXPECT_EQ(receiver.committed(), expected);
    EXPECT_EQ(receiver.point_of_reference(), expected.size());
    EXPECT_EQ(receiver.complaints, Strings{});
  }
}

TEST(ConnectorSink, AReceiverThatSendsNonsenseIsToldAndConnectedAgain) {
  Receiver receiver;
  const auto options = connector_options_for(receiver.address());
  RunningConnectorSink<> sink(options);
  const Strings nonsense{std::string(4, '\0'), std::string("\0\0\0\1\x63", 5),
                         std::string("\xff\xff\xff\xff\1", 5),
                         protocol::encode(protocol::EndOfStream{1}),
                         protocol::encode_control_frame(protocol::Reply{"x", true})};
  for (const std::string& bytes : nonsense) {
    ASSERT_TRUE(sink.connect_to(receiver));
    receiver.complaints.clear();
    (void)receiver.send(bytes);
    ASSERT_TRUE(sink.serve_until(receiver, [&] { return !receiver.complaints.empty(); }));
    EXPECT_TRUE(receiver.complaints.front().starts_with("ERROR ")) << receiver.complaints.front();
  }
  ASSERT_TRUE(sink.connect_to(receiver));
  EXPECT_EQ(sink.lines_with("it breaks the protocol"), nonsense.size());
  EXPECT_EQ(sink.listener.reasons, Strings{});
}

TEST(ConnectorSink, AcksAreIgnored) {
  Receiver receiver;
  RunningConnectorSink<> sink(connector_options_for(receiver.address()));
  receiver.on_hello = [&] {
    receiver.send(protocol::Frame(protocol::Ack{1, {}}));
    receiver.send(protocol::Frame(protocol::Ok{2}));
    receiver.send(protocol::Frame(protocol::Ack{1, {{1, 0}}}));
  };
  ASSERT_TRUE(sink.connect_to(receiver));
  receiver.send(protocol::Frame(protocol::Ack{1, {{1, 0}}}));
  sink.write({"one\n"});
  sink.writer->barrier(1);
  ASSERT_TRUE(prepare(sink, receiver, 1));
  EXPECT_EQ(receiver.complaints, Strings{});
}

TEST(ConnectorSink, AReceiverThatRefusesIsTriedAgainAndReportedOnce) {
  Receiver receiver;
  RunningConnectorSink<> sink(connector_options_for(receiver.address()));
  int refused = 0;
  receiver.on_hello = [&] {
    if (++refused <= 3) {
      receiver.send(protocol::Frame(protocol::Error{"wrong cookie"}));
    } else {
      receiver.send(protocol::Frame(protocol::Ok{2}));
    }
  };
  sink.write({"one\n"});
  ASSERT_TRUE(sink.connect_to(receiver));
  EXPECT_EQ(sink.lines_with("sink 'totals': " + receiver.address() +
                            ": it reports the error 'wrong cookie'; trying again with backoff"),
            1U);
  EXPECT_EQ(sink.listener.reasons, Strings{});
}

TEST(ConnectorSink, AReceiverThatSaysNothingIsTriedAgain) {
  Receiver receiver;
  RunningConnectorSink<ManualClock> sink(connector_options_for(receiver.address()));
  receiver.reading = false;
  ASSERT_TRUE(sink.serve_until(receiver, [&] { return receiver.connected(); }));
  sink.run_for(receiver, 3);
  sink.clock.advance(11s);
  sink.run_for(receiver, 3);
  receiver.reading = true;
  ASSERT_TRUE(sink.serve_until(receiver, [&] {
    sink.clock.advance(5ms);
    return sink.metrics.connected.value() == 1;
  }));
  EXPECT_EQ(sink.lines_with("it said nothing for too long"), 1U);
}

TEST(ConnectorSink, DuringACheckpointNoMoreThanTheBufferIsTaken) {
  Receiver receiver;
  auto options = connector_options_for(receiver.address());
  options.max_buffer_bytes = 10'000;
  RunningConnectorSink<> sink(options);
  ASSERT_TRUE(sink.connect_to(receiver));
  sink.writer->barrier(1);
  std::string sent;
  while (sink.writer->can_accept()) {
    sent += std::string(500, 'x');
    ASSERT_LT(sent.size(), 20'000U);
    sink.write({std::string(500, 'x')});
  }
  sink.run_for(receiver, 10);
  EXPECT_EQ(receiver.held(), "");
  EXPECT_LT(sink.metrics.buffered_bytes.value(), 10'600);
  ASSERT_TRUE(prepare(sink, receiver, 1));
  ASSERT_TRUE(commit(sink, receiver, 1));
  ASSERT_TRUE(sink.serve_until(receiver, [&] { return receiver.held() == sent; }));
  EXPECT_TRUE(sink.writer->can_accept());
}

TEST(ConnectorSink, WithoutCheckpointsRecordsFlowAndFollowAReconnection) {
  Receiver receiver;
  receiver.transactional = false;
  auto options = connector_options_for(receiver.address());
  options.max_buffer_bytes = 64 << 20;
  RunningConnectorSink<> sink(options, off);
  ASSERT_TRUE(sink.connect_to(receiver));
  sink.write({"one\n"});
  sink.writer->flush();
  ASSERT_TRUE(sink.serve_until(receiver, [&] { return receiver.held() == "one\n"; }));
  // The connection breaks within a record that no socket's buffer can hold.
  receiver.reading = false;
  const std::string large(40 << 20, 'x');
  sink.write({large, "two\n"});
  sink.writer->flush();
  sink.run_for(receiver, 5);
  receiver.hang_up();
  receiver.reading = true;
  ASSERT_TRUE(
      sink.serve_until(receiver, [&] { return receiver.held().size() == large.size() + 8; }));
  EXPECT_TRUE(receiver.held() == "one\n" + large + "two\n") << "it is sent again, whole";
  EXPECT_EQ(receiver.point_of_reference(), 4U);
  sink.writer->finish();
  ASSERT_TRUE(sink.serve_until(receiver, [&] { return sink.writer->finished(); }));
  sink.run_for(receiver, 1);
  EXPECT_TRUE(receiver.ended);
  EXPECT_EQ(receiver.complaints, Strings{});
}

TEST(ConnectorSink, FinishWaitsForTheCommitAndACheckpointAfterItIsAnsweredAtOnce) {
  Receiver receiver;
  RunningConnectorSink<> sink(connector_options_for(receiver.address()));
  ASSERT_TRUE(sink.connect_to(receiver));
  sink.write({"one\n"});
  sink.writer->finish();
  sink.run_for(receiver, 20);
  EXPECT_EQ(receiver.held(), "one\n");
  EXPECT_FALSE(sink.writer->finished());
  sink.writer->barrier(1);
  ASSERT_TRUE(prepare(sink, receiver, 1));
  EXPECT_FALSE(sink.writer->finished());
  ASSERT_TRUE(commit(sink, receiver, 1));
  ASSERT_TRUE(sink.serve_until(receiver, [&] { return sink.writer->finished(); }));
  EXPECT_EQ(receiver.committed(), "one\n");
  const std::string vote = sink.listener.vote;
  sink.writer->barrier(2);
  sink.writer->prepare(2);
  sink.writer->commit(2);
  EXPECT_EQ(sink.listener.last_committed, 2U);
  EXPECT_EQ(sink.listener.vote, vote);
  EXPECT_EQ(decode_vote(vote)->offset, 4U);
}

TEST(ConnectorSink, FinishAfterARestartSeesThatTheReceiverHasTheCommit) {
  Receiver receiver;
  std::string vote;
  {
    RunningConnectorSink<> sink(connector_options_for(receiver.address()));
    ASSERT_TRUE(sink.connect_to(receiver));
    sink.write({"one\n"});
    sink.writer->barrier(1);
    ASSERT_TRUE(prepare(sink, receiver, 1));
    vote = sink.listener.vote;
  }
  RunningConnectorSink<> sink(connector_options_for(receiver.address()), on, {1, vote});
  sink.writer->finish();
  EXPECT_FALSE(sink.writer->finished());
  ASSERT_TRUE(sink.serve_until(receiver, [&] { return sink.writer->finished(); }));
  sink.run_for(receiver, 1);
  EXPECT_EQ(receiver.committed(), "one\n");

  RunningConnectorSink<> fresh(connector_options_for(receiver.address()));
  fresh.writer->finish();
  EXPECT_TRUE(fresh.writer->finished()) << "nothing was ever committed";
}

TEST(ConnectorSink, AStoppingApplicationGivesUpAReceiverThatDoesNotVote) {
  Receiver receiver;
  auto options = connector_options_for(receiver.address());
  options.drain_timeout = 10s;
  RunningConnectorSink<ManualClock> sink(options);
  ASSERT_TRUE(sink.connect_to(receiver));
  sink.write({"one\n"});
  sink.writer->flush();
  sink.writer->drain();
  sink.clock.advance(20s);
  sink.run_for(receiver, 3);
  EXPECT_EQ(sink.listener.reasons, Strings{}) << "it is not the receiver's turn";
  sink.writer->barrier(1);
  sink.write({"two\n"});
  sink.writer->finish();
  receiver.reading = false;
  sink.writer->prepare(1);
  sink.run_for(receiver, 3);
  sink.clock.advance(9s);
  sink.run_for(receiver, 3);
  EXPECT_EQ(sink.listener.reasons, Strings{});
  sink.clock.advance(2s);
  ASSERT_TRUE(sink.poll_until([&] { return sink.writer->finished(); }));
  EXPECT_EQ(sink.listener.reasons,
            Strings{"sink 'totals': " + receiver.address() +
                    " did not answer for 10000 ms while the application was stopping"});
  EXPECT_EQ(sink.metrics.records_lost.value(), 1U);
  EXPECT_EQ(sink.loop.next_timer_ns(), std::nullopt);
}

TEST(ConnectorSink, AtTheEndOfTheInputAReceiverIsWaitedForUntilTheApplicationIsToldToStop) {
  Receiver receiver;
  auto options = connector_options_for(receiver.address());
  options.drain_timeout = 10s;
  RunningConnectorSink<ManualClock> sink(options);
  ASSERT_TRUE(sink.connect_to(receiver));
  sink.write({"one\n"});
  sink.writer->finish();
  sink.writer->barrier(1);
  sink.writer->prepare(1);
  receiver.reading = false;
  for (int i = 0; i < 5; ++i) {
    sink.clock.advance(60s);
    sink.run_for(receiver, 3);
  }
  EXPECT_EQ(sink.listener.reasons, Strings{});
  sink.writer->drain();
  sink.clock.advance(9s);
  sink.run_for(receiver, 3);
  EXPECT_EQ(sink.listener.reasons, Strings{}) << "counted from there";
  sink.clock.advance(2s);
  ASSERT_TRUE(sink.poll_until([&] { return sink.writer->finished(); }));
  EXPECT_EQ(sink.listener.reasons.size(), 1U);
}

TEST(ConnectorSink, AtTheEndOfTheInputASlowReceiverGetsEverythingCommitted) {
  Receiver receiver;
  auto options = connector_options_for(receiver.address());
  options.drain_timeout = 10s;
  RunningConnectorSink<ManualClock> sink(options);
  sink.write({"one\n"});
  sink.writer->finish();
  sink.writer->barrier(1);
  sink.clock.advance(60s);
  ASSERT_TRUE(sink.serve_until(receiver, [&] { return sink.writer->passed_barrier(); }));
  sink.writer->prepare(1);
  receiver.reading = false;
  sink.clock.advance(60s);
  sink.run_for(receiver, 3);
  receiver.reading = true;
  ASSERT_TRUE(sink.serve_until(receiver, [&] { return sink.listener.last_prepared == 1; }));
  receiver.hang_up();
  sink.writer->commit(1);
  sink.clock.advance(60s);
  sink.run_for(receiver, 1);
  ASSERT_TRUE(sink.serve_until(receiver, [&] {
    sink.clock.advance(1s);
    return sink.writer->finished();
  }));
  EXPECT_EQ(receiver.committed(), "one\n");
  EXPECT_EQ(sink.listener.reasons, Strings{});
}

TEST(ConnectorSink, AReceiverThatHasLostItsOutputIsNamed) {
  Receiver receiver;
  auto options = connector_options_for(receiver.address());
  std::string vote;
  {
    RunningConnectorSink<> sink(options);
    ASSERT_TRUE(sink.connect_to(receiver));
    sink.write({"one\n"});
    sink.writer->barrier(1);
    ASSERT_TRUE(prepare(sink, receiver, 1));
    sink.writer->commit(1);
    ASSERT_TRUE(sink.serve_until(receiver, [&] { return receiver.committed() == "one\n"; }));
    vote = sink.listener.vote;
  }
  receiver.hang_up();
  receiver.lose_everything();
  RunningConnectorSink<> sink(options, RunningConnectorSink<>::Checkpoints::on,
                              {.checkpoint = 1, .prepared = vote});
  ASSERT_TRUE(sink.connect_to(receiver));
  EXPECT_EQ(sink.lines_with("sink 'totals': " + receiver.address() +
                            ": it is empty: it holds 0 bytes of the output, and 4 were committed"),
            1U);
}

/// Starts with this vote. Returns the instance in the HELLO and the one in the next vote.
std::pair<std::string, std::string> instances(const std::string& worker, const std::string& vote) {
  Receiver receiver;
  auto options = connector_options_for(receiver.address());
  options.worker = worker;
  RunningConnectorSink<> sink(options, RunningConnectorSink<>::Checkpoints::on,
                              {.checkpoint = vote.empty() ? 0U : 4U, .prepared = vote});
  EXPECT_TRUE(sink.connect_to(receiver));
  sink.writer->barrier(5);
  EXPECT_TRUE(prepare(sink, receiver, 5));
  return {receiver.hello().instance_name, decode_vote(sink.listener.vote).value().instance};
}

TEST(ConnectorSink, SinksDifferInTheInstanceOfTheHelloAndKeepWhatACheckpointWasTakenWith) {
  using Pair = std::pair<std::string, std::string>;
  const std::string stream = connector_stream_name("wallaroo", "initializer", "totals");
  const auto old = encode_vote({stream, 0});
  const auto now = encode_vote({stream, 0, "initializer-totals"});
  EXPECT_EQ(instances("", ""), Pair("initializer-totals", "initializer-totals"));
  EXPECT_EQ(instances("", now), Pair("initializer-totals", "initializer-totals"));
  EXPECT_EQ(instances("", old), Pair("initializer", "")) << "as versions before said it";
  EXPECT_EQ(instances("initializer", old), Pair("initializer", ""));
  EXPECT_EQ(instances("initializer", ""), Pair("initializer", ""));
  const auto other = encode_vote({connector_stream_name("wallaroo", "b", "totals"), 0});
  EXPECT_EQ(instances("b", other), Pair("b", ""));

  ConnectorSink sink("totals", {.connect = "127.0.0.1:7200", .worker = "initializer"});
  sink.set_application("wallaroo");
  EXPECT_THROW(sink.recover({.checkpoint = 4, .prepared = now}), ConfigError)
      << "receivers may keep the output under the other name";
}

TEST(ConnectorSink, SinksThatAReceiverMayTakeForOneAreAtOnePlace) {
  const auto place = [](const std::string& name, const std::string& worker) {
    return ConnectorSink(name, {.connect = "127.0.0.1:7200", .worker = worker}).place_at_receiver();
  };
  EXPECT_NE(place("a", ""), place("b", ""));
  EXPECT_EQ(place("a", "w"), place("b", "w"));
  EXPECT_EQ(place("a", "w"), "127.0.0.1:7200 as worker 'w'");
}

TEST(ConnectorSink, AReceiverThatGoesBeforeItHasReadTheLastCommitIsAskedAgain) {
  Receiver receiver;
  auto options = connector_options_for(receiver.address());
  RunningConnectorSink<> sink(options);
  ASSERT_TRUE(sink.connect_to(receiver));
  sink.write({"one\n"});
  sink.writer->barrier(1);
  ASSERT_TRUE(prepare(sink, receiver, 1));
  sink.writer->commit(1);
  receiver.hang_up();  // PHASE_2 is unread, so this is no orderly end
  ASSERT_TRUE(sink.poll_until([&] { return sink.metrics.connected.value() == 0; }));
  sink.writer->finish();
  EXPECT_FALSE(sink.writer->finished());
  ASSERT_TRUE(sink.serve_until(receiver, [&] { return sink.writer->finished(); }));
  sink.run_for(receiver, 1);
  EXPECT_EQ(receiver.committed(), "one\n");
  EXPECT_EQ(sink.listener.reasons, Strings{});
}

TEST(ConnectorSink, EveryStepThatFailsIsSurvived) {
  if constexpr (!failpoints_enabled) {
    GTEST_SKIP() << "this build has no failpoints";
  }
  for (const std::string step : {"send", "prepare", "vote", "commit", "recover"}) {
    for (const std::string moment : {"before", "after"}) {
      const ScopedFailpoints failpoints(
          {.rules = "sink.connector." + step + "." + moment + "=error:ECONNRESET@1"});
      Receiver receiver;
      SinkRecovery recovery;
      std::uint64_t number = 0;
      for (int attempt = 0; recovery.checkpoint == 0; ++attempt) {
        ASSERT_LT(attempt, 3);
        RunningConnectorSink<> sink(connector_options_for(receiver.address()));
        const auto gone = [&] { return !sink.listener.reasons.empty(); };
        sink.write({"one\n"});
        sink.writer->barrier(++number);
        sink.writer->prepare(number);
        ASSERT_TRUE(sink.serve_until(
            receiver, [&] { return gone() || sink.listener.last_prepared == number; }));
        if (!gone()) {
          recovery = {number, sink.listener.vote};
          sink.writer->commit(number);
          sink.run_for(receiver, 2);
        }
      }
      RunningConnectorSink<> sink(connector_options_for(receiver.address()), on, recovery);
      sink.writer->finish();
      ASSERT_TRUE(sink.serve_until(receiver, [&] { return sink.writer->finished(); }));
      sink.run_for(receiver, 2);
      EXPECT_EQ(receiver.committed(), "one\n") << step << " " << moment;
      EXPECT_EQ(receiver.complaints, Strings{});
    }
  }
}

template <class Change>
std::string refused(Change change) {
  ConnectorSinkOptions options{.connect = "127.0.0.1:7200"};
  change(options);
  try {
    ConnectorSink sink("totals", options);
    sink.set_application("App");
    sink.open();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(ConnectorSink, BadOptionsAreRefused) {
  EXPECT_EQ(refused([](auto&) {}), "");
  const auto has = [](const std::string& text, const std::string& part) {
    return text.starts_with("sink 'totals': ") && text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(refused([](auto& o) { o.connect = "7200"; }), "7200"));
  EXPECT_TRUE(has(refused([](auto& o) { o.connect = "127.0.0.1:0"; }), "port 0"));
  EXPECT_TRUE(
      has(refused([](auto& o) { o.application = std::string(20'000, 'a'); }), "application"));
  EXPECT_TRUE(has(refused([](auto& o) { o.worker = std::string(20'000, 'w'); }), "worker"));
  EXPECT_TRUE(has(refused([](auto& o) { o.cookie = std::string(70'000, 'c'); }), "cookie"));
  EXPECT_TRUE(has(refused([](auto& o) { o.max_buffer_bytes = 0; }), "max_buffer_bytes"));
  EXPECT_TRUE(has(refused([](auto& o) { o.first_backoff = 0ms; }), "first_backoff"));
  EXPECT_TRUE(has(refused([](auto& o) { o.max_backoff = 1ms; }), "max_backoff"));
  EXPECT_TRUE(has(refused([](auto& o) { o.drain_timeout = -1ms; }), "drain_timeout"));
}

TEST(ConnectorSink, AVoteOfAnotherSinkOrStreamIsRefused) {
  ConnectorSink sink("totals", {.connect = "127.0.0.1:7200"});
  EXPECT_NO_THROW(sink.recover({.checkpoint = 4, .prepared = {}}));
  EXPECT_THROW(sink.recover({.checkpoint = 4, .prepared = "part-3"}), IoError);
  try {
    sink.recover({.checkpoint = 4, .prepared = encode_vote({"B-w-initializer-id-1", 9})});
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("was 'B-w-initializer-id-1' in checkpoint 4"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace wallaroo::internal
