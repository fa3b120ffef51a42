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

/// A behaviour: `what` at the first frame of this name, else `act`.
auto once(std::string name, Behaviour what) {
  return [name = std::move(name), what, done = false](std::string_view frame) mutable {
    return frame == name && !std::exchange(done, true) ? what : Behaviour::act;
  };
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

}  // namespace
}  // namespace wallaroo::internal
