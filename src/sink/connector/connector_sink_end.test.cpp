#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sink/connector/connector.rig.hpp"
#include "sink/connector/connector_transaction.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

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

}  // namespace
}  // namespace wallaroo::internal
