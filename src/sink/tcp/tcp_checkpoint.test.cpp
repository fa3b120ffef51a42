// How a TCP sink takes part in checkpoints.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sink/tcp/tcp.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;
using Numbers = std::vector<std::uint64_t>;

struct TcpAnswers final : TransactionListener {
  void prepared(std::uint64_t checkpoint, std::string bytes) override {
    EXPECT_EQ(bytes, "");
    votes.push_back(checkpoint);
  }
  void committed(std::uint64_t checkpoint) override { commits.push_back(checkpoint); }
  void roll_back(std::string reason) override { refusals.push_back(std::move(reason)); }

  Numbers votes;
  Numbers commits;
  std::vector<std::string> refusals;
};

template <class ClockType = SteadyClock>
struct CheckpointedSink : SinkWorld<ClockType> {
  explicit CheckpointedSink(const TcpSinkOptions& options) : sink("totals", options) {
    sink.open();
    writer = sink.writer(this->context(&answers));
    writer->start();
  }
  void write(const std::vector<std::string>& records) {
    const auto batch = batch_of(records);
    writer->write(*batch);
  }
  bool connect_to(Peer& peer) {
    return this->poll_until([&] { return peer.accept() && this->metrics.connected.value() == 1; });
  }

  TcpSink sink;
  TcpAnswers answers;
  std::unique_ptr<SinkWriter> writer;
};

TEST(ATcpSinkWithCheckpoints, VotesAtOnceWhenThePeerTakesEverythingAndHasNothingToCommit) {
  Peer peer;
  CheckpointedSink sink(options_for(peer.address()));
  ASSERT_TRUE(sink.connect_to(peer));
  sink.write({"one\n"});
  sink.writer->barrier(1);
  sink.write({"two\n"});
  sink.writer->prepare(1);
  EXPECT_EQ(sink.answers.votes, Numbers{1});
  sink.writer->commit(1);
  EXPECT_EQ(sink.answers.commits, Numbers{1});
  EXPECT_TRUE(sink.poll_until([&] { return peer.read(), peer.received == "one\ntwo\n"; }));
}

TEST(ATcpSinkWithCheckpoints, APeerThatIsAwayDelaysTheVote) {
  const std::string address = Peer().address();
  CheckpointedSink sink(options_for(address));
  sink.writer->barrier(1);
  sink.writer->prepare(1);
  EXPECT_EQ(sink.answers.votes, Numbers{1}) << "there is nothing to hand over";
  sink.write({"one\n"});
  sink.writer->barrier(2);
  sink.writer->prepare(2);
  ASSERT_TRUE(sink.poll_until([&] { return sink.lines_with("cannot connect") == 1; }));
  EXPECT_EQ(sink.answers.votes, Numbers{1});
  Peer peer(address);
  ASSERT_TRUE(sink.connect_to(peer));
  EXPECT_TRUE(sink.poll_until([&] { return sink.answers.votes == Numbers({1, 2}); }));
  EXPECT_TRUE(sink.poll_until([&] { return peer.read(), peer.received == "one\n"; }));
}

TEST(ATcpSinkWithCheckpoints, APeerThatIsSlowDelaysTheVoteUntilItsLastRecordIsTakenAsAWhole) {
  Peer peer;
  TcpSinkOptions options = options_for(peer.address());
  options.max_buffer_bytes = 64 << 20;
  CheckpointedSink sink(options);
  ASSERT_TRUE(sink.connect_to(peer));
  std::string expected;
  for (std::uint64_t i = 0; i < 300; ++i) {
    sink.write({record(i, 100'000)});
    expected += record(i, 100'000);
  }
  sink.writer->barrier(1);
  sink.write({record(300, 10'000'000)});
  sink.writer->prepare(1);
  std::size_t got = 0;
  ASSERT_TRUE(sink.poll_until([&] {
    peer.read(100'000);
    EXPECT_EQ(sink.answers.votes.empty(), sink.metrics.records.value() < 300);
    got = peer.received.size();
    return !sink.answers.votes.empty();
  }));
  EXPECT_LE(got, expected.size()) << "it voted before all was read, but not before it was taken";
}

TEST(ATcpSinkWithCheckpoints, AnAbandonedCheckpointGetsNoVote) {
  const std::string address = Peer().address();
  CheckpointedSink sink(options_for(address));
  sink.write({"one\n"});
  sink.writer->barrier(1);
  sink.writer->abandon(1);
  sink.writer->barrier(2);
  sink.writer->prepare(2);
  Peer peer(address);
  ASSERT_TRUE(sink.connect_to(peer));
  EXPECT_TRUE(sink.poll_until([&] { return !sink.answers.votes.empty(); }));
  EXPECT_EQ(sink.answers.votes, Numbers{2});
}

TEST(ATcpSinkWithCheckpoints, RecordsThatWereGivenUpAreNotVotedFor) {
  TcpSinkOptions options = options_for(Peer().address());
  options.drain_timeout = 10ms;
  CheckpointedSink sink(options);
  sink.write({"one\n"});
  sink.writer->barrier(1);
  sink.writer->prepare(1);
  sink.writer->drain();
  ASSERT_TRUE(sink.poll_until([&] { return sink.answers.refusals.size() == 1; }));
  EXPECT_EQ(sink.answers.refusals[0].find("sink 'totals': records were given up"), 0U);
  sink.writer->barrier(2);
  sink.writer->prepare(2);
  EXPECT_EQ(sink.answers.refusals.size(), 2U);
  EXPECT_TRUE(sink.answers.votes.empty());
}

}  // namespace
}  // namespace wallaroo::internal
