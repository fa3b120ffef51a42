#include "connector/client_conversation.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

using namespace connector_protocol;
using Frames = std::vector<Frame>;

class Conversation : public testing::Test {
 protected:
  bool hear(const Frame& frame) {
    return talk.on_frame(std::string_view(encode(frame)).substr(length_bytes));
  }
  /// The frames that the client has sent since the last call.
  Frames said() {
    Frames frames;
    said_ = std::exchange(talk.output(), {});
    std::string_view rest = said_;
    while (const auto body = first_frame(rest, 1000)) {
      frames.push_back(decode(*body));
      rest.remove_prefix(length_bytes + body->size());
    }
    return frames;
  }
  ConnectorStream& opened(std::uint64_t id, std::uint64_t position) {
    ConnectorStream& stream = talk.add(id, "s");
    talk.connected();
    hear(Ok{10});
    hear(NotifyAck{true, id, position});
    said();
    return stream;
  }

  ConnectorClientOptions options{.address = "x:1", .cookie = "cookie", .program_name = "p"};
  std::vector<std::optional<std::uint64_t>> resumed;
  ClientConversation talk{options,
                          [this](ConnectorStream& stream) { resumed.push_back(stream.position); }};

 private:
  std::string said_;
};

TEST_F(Conversation, AfterEveryConnectTheStreamsAreOpenedWhereTheyAre) {
  ConnectorStream& stream = talk.add(7, "seven");
  talk.connected();
  EXPECT_TRUE(said() == (Frames{Hello{"0.0.1", "cookie", "p", ""}}));
  hear(Ok{2});
  EXPECT_TRUE(said() == (Frames{Notify{7, "seven", nothing_processed}}));
  EXPECT_FALSE(talk.may_send(stream));
  hear(NotifyAck{true, 7, nothing_processed});
  EXPECT_EQ(stream.position, std::nullopt);
  EXPECT_TRUE(talk.may_send(stream));
  talk.send(stream, 0, "zero");
  EXPECT_FALSE(talk.may_send(stream)) << "both credits are spent";
  hear(Ack{5, {}});
  talk.send(stream, 9, "nine");
  EXPECT_TRUE(said() == (Frames{Message{7, 0, 0, "", "zero"}, Message{7, 9, 0, "", "nine"}}));
  talk.connected();
  hear(Ok{2});
  hear(NotifyAck{true, 7, 0});
  EXPECT_EQ(stream.position, 0U) << "nine is lost";
  EXPECT_EQ(resumed, (std::vector<std::optional<std::uint64_t>>{std::nullopt, 0}));
}

TEST_F(Conversation, ARefusedStreamIsAskedForAgainWithTheNextAck) {
  talk.add(7, "s");
  talk.connected();
  hear(Ok{10});
  said();
  hear(NotifyAck{false, 7, 3});
  EXPECT_TRUE(talk.refused());
  EXPECT_TRUE(said().empty());
  hear(Ack{1, {}});
  EXPECT_TRUE(said() == (Frames{Notify{7, "s", nothing_processed}}));
  EXPECT_FALSE(talk.refused());
}

TEST_F(Conversation, AnEndedStreamIsDoneWhenAllOfItIsAcknowledged) {
  ConnectorStream& stream = opened(7, nothing_processed);
  talk.send(stream, 5, "x");
  talk.end(stream);
  hear(Ack{1, {{7, 4}}});
  EXPECT_FALSE(stream.done);
  EXPECT_EQ(stream.acknowledged, 4U);
  hear(Ack{0, {{7, 5}}});
  EXPECT_TRUE(stream.done);
}

TEST_F(Conversation, AnEndThatWasLostIsSaidAgainAndOneThatCameTooEarlyIsTakenBack) {
  ConnectorStream& stream = opened(7, nothing_processed);
  talk.send(stream, 5, "x");
  talk.end(stream);
  talk.connected();
  hear(Ok{10});
  said();
  hear(NotifyAck{true, 7, 5});
  EXPECT_TRUE(said() == Frames{EndOfStream{7}});
  EXPECT_TRUE(stream.ended);
  talk.connected();
  hear(Ok{10});
  hear(NotifyAck{true, 7, 2});
  EXPECT_FALSE(stream.ended);
  EXPECT_EQ(stream.position, 2U);
}

TEST_F(Conversation, WhatMakesNoSenseIsAnError) {
  ConnectorStream& stream = opened(7, 5);
  EXPECT_THROW(talk.send(stream, 5, "x"), ConnectorError);
  EXPECT_THROW(talk.add(7, "again"), ConnectorError);
  EXPECT_THROW(hear(connector_protocol::Error{"no"}), ConnectorError);
  EXPECT_THROW(hear(Notify{1, "s", 0}), ConnectorError);
  EXPECT_FALSE(hear(Restart{"y:2"}));
  EXPECT_EQ(talk.new_address(), "y:2");
}

}  // namespace
}  // namespace wallaroo::internal
