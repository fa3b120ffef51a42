#include "connector/sink_conversation.hpp"

#include <map>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "connector/blocking_socket.hpp"

namespace wallaroo::internal {
namespace {

using namespace connector_protocol;

/// An output in memory, which keeps durable and other bytes apart.
class MemoryOutput final : public ConnectorOutput {
 public:
  ConnectorOutputState load(const std::string& name) override { return states[name]; }
  void truncate(const std::string& name, std::uint64_t offset) override {
    bytes[name].resize(offset);
  }
  void write(const std::string& name, std::uint64_t offset, std::string_view data) override {
    EXPECT_EQ(offset, bytes[name].size());
    bytes[name] += data;
  }
  void prepare(const std::string& name, const ConnectorTransaction& transaction) override {
    if (full) {
      throw std::runtime_error("no space left");
    }
    states[name].prepared = transaction;
  }
  void commit(const std::string& name, const ConnectorTransaction& transaction) override {
    states[name] = {transaction.end, {}};
  }
  void abort(const std::string& name, const ConnectorTransaction& transaction) override {
    states[name].prepared.reset();
    bytes[name].resize(transaction.start);
  }
  std::string committed() { return bytes["out"].substr(0, states["out"].committed); }

  std::map<std::string, ConnectorOutputState> states;
  std::map<std::string, std::string> bytes;
  bool full = false;
};

/// Speaks as a worker does, with a new conversation after each `connect`.
class SinkTalk : public testing::Test {
 protected:
  std::string say(const Frame& frame) {
    return talk->on_frame(std::string_view(encode(frame)).substr(length_bytes));
  }
  std::string control(const TwoPhaseMessage& message) {
    return talk->on_frame(std::string_view(encode_control_frame(message)).substr(length_bytes));
  }
  /// Begins a new conversation, and returns the transactions in doubt.
  std::vector<std::string> connect() {
    talk.emplace(cookie, output);
    EXPECT_EQ(say(Hello{"v0.0.1", cookie, "App", "initializer"}), encode(Ok{1000}));
    say(Notify{1, "out", 0});
    const std::string answer = control(ListUncommitted{77778});
    const Frame frame = decode(first_frame(answer, 1000).value());
    return std::get<ReplyUncommitted>(decode_two_phase(std::get<Message>(frame).payload))
        .transactions;
  }
  void data(std::uint64_t offset, std::string_view bytes) {
    EXPECT_EQ(say(Message{1, offset, 0, "", bytes}), "");
  }
  bool prepare(const std::string& id, std::uint64_t start, std::uint64_t end) {
    const std::string answer = control(Phase1{id, {{1, start, end}}});
    EXPECT_TRUE(answer == encode_control_frame(Reply{id, true}) ||
                answer == encode_control_frame(Reply{id, false}));
    return answer == encode_control_frame(Reply{id, true});
  }

  const std::string cookie = "cookie";
  MemoryOutput output;
  std::optional<SinkConversation> talk;
};

TEST_F(SinkTalk, ShowsWhatWasPreparedAndCommitted) {
  EXPECT_TRUE(connect().empty());
  data(0, "one\n");
  data(4, "two\n");
  EXPECT_TRUE(prepare("t1", 0, 8));
  EXPECT_EQ(output.committed(), "");
  control(Phase2{"t1", true});
  EXPECT_EQ(output.committed(), "one\ntwo\n");
  EXPECT_TRUE(prepare("t2", 8, 8));
  control(Phase2{"t2", true});
  control(Phase2{"t2", true});
  EXPECT_EQ(output.committed(), "one\ntwo\n");
}

TEST_F(SinkTalk, ATransactionInDoubtIsListedAndEndsAsItIsTold) {
  for (const bool commit : {false, true}) {
    connect();
    data(0, "one\n");
    EXPECT_TRUE(prepare("t1", 0, 4));
    EXPECT_EQ(connect(), std::vector<std::string>{"t1"});
    control(Phase2{"t1", commit});
    EXPECT_EQ(output.committed(), commit ? "one\n" : "");
    EXPECT_EQ(output.bytes["out"], output.committed());
  }
  data(4, "two\n");
  EXPECT_TRUE(prepare("t3", 4, 8));
}

TEST_F(SinkTalk, VotesOnlyForWhatItHas) {
  connect();
  data(0, "one\n");
  EXPECT_FALSE(prepare("t1", 0, 8)) << "more than came";
  EXPECT_FALSE(prepare("t1", 4, 4)) << "not from the last commit on";
  output.full = true;
  EXPECT_FALSE(prepare("t1", 0, 4));
  output.full = false;
  EXPECT_TRUE(prepare("t1", 0, 4));
  EXPECT_TRUE(prepare("t1", 0, 4)) << "asked again";
  EXPECT_FALSE(prepare("t2", 4, 4)) << "one at a time";
  connect();
  control(Phase2{"t1", true});
  data(6, "after a gap");
  EXPECT_FALSE(prepare("t2", 4, 17));
}

TEST_F(SinkTalk, WhatWasNotPreparedIsForgottenAndSentAgain) {
  connect();
  data(0, "one\n");
  connect();
  EXPECT_EQ(output.bytes["out"], "");
  data(0, "one\n");
  EXPECT_THROW(data(0, "one\n"), ConnectorError);
}

TEST_F(SinkTalk, WhatHasNoPlaceIsAnError) {
  talk.emplace(cookie, output);
  EXPECT_THROW(say(Notify{1, "out", 0}), ConnectorError);
  EXPECT_THROW(say(Hello{"0.0.1", cookie, "", ""}), ConnectorError);
  EXPECT_THROW(say(Hello{"v0.0.1", "biscuit", "", ""}), ConnectorError);
  connect();
  EXPECT_THROW(say(Hello{"v0.0.1", cookie, "", ""}), ConnectorError);
  EXPECT_THROW(say(Message{2, 0, 0, "", ""}), ConnectorError);
  EXPECT_THROW(say(Ack{1, {}}), ConnectorError);
  EXPECT_THROW(control(Reply{"t", true}), ConnectorError);
  EXPECT_THROW(say(Message{0, 0, 0, "", "x"}), ProtocolError);
  EXPECT_EQ(say(Notify{2, "more", 5}), encode(NotifyAck{false, 2, 5}));
}

TEST(ConnectorSinkServer, ServesConnectionsAndANewerOneReplacesTheOlderOfItsOutput) {
  MemoryOutput output;
  std::vector<std::string> logged;
  ConnectorSinkServer server({.listen = "127.0.0.1:0",
                              .cookie = "cookie",
                              .log = [&](std::string_view text) { logged.emplace_back(text); }},
                             output);
  const auto connected = [&] {
    FileDescriptor socket = connect_blocking(server.address(), std::chrono::seconds(10));
    std::string ignored;
    send_all(socket.get(),
             encode(Hello{"v0.0.1", "cookie", "App", "w"}) + encode(Notify{1, "out", 0}), ignored);
    return socket;
  };
  const auto hear = [&](const FileDescriptor& socket, const std::string& wanted) {
    std::string heard;
    while (heard.size() < wanted.size()) {
      server.poll(std::chrono::milliseconds(1));
      if (wait_readable(socket.get(), std::chrono::milliseconds(0))) {
        receive_into(heard, socket.get());
      }
    }
    EXPECT_EQ(heard, wanted);
  };
  const std::string welcome = encode(Ok{1000}) + encode(NotifyAck{true, 1, 0});
  std::string ignored;
  const FileDescriptor older = connected();
  hear(older, welcome);
  send_all(older.get(), encode(Message{1, 0, 0, "", "lost\n"}), ignored);
  while (output.bytes["out"].empty()) {
    server.poll(std::chrono::milliseconds(1));
  }
  const FileDescriptor newer = connected();
  hear(newer, welcome);
  send_all(newer.get(), encode(Message{1, 0, 0, "", "kept\n"}), ignored);
  send_all(newer.get(), encode_control_frame(Phase1{"t1", {{1, 0, 5}}}), ignored);
  hear(newer, encode_control_frame(Reply{"t1", true}));
  EXPECT_THROW(hear(older, "x"), IoError) << "closed";
  send_all(newer.get(), encode(Message{7, 0, 0, "", ""}), ignored);
  hear(newer, encode(connector_protocol::Error{"a MESSAGE for stream 7"}));
  EXPECT_EQ(output.bytes["out"], "kept\n");
  ASSERT_FALSE(logged.empty());
  EXPECT_NE(logged.back().find("of 'out': a MESSAGE for stream 7"), std::string::npos);
}

}  // namespace
}  // namespace wallaroo::internal
