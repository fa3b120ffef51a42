#include "source/connector/connector_source_session.hpp"

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

using namespace connector_protocol;
using Frames = std::vector<Frame>;
using Kind = SourceStep::Kind;

/// A session to which a test says frames, and the answers.
class Conversation {
 public:
  explicit Conversation(SourceSessionSettings settings = {"cookie", 1000, 500, false})
      : Conversation(settings, own_registry_, 0) {}
  Conversation(SourceSessionSettings settings, StreamRegistry& registry, std::size_t executor)
      : own_registry_(2, settings.checkpoints),
        settings_(std::move(settings)),
        session(settings_, registry, executor) {}

  SourceStep say(const Frame& frame) {
    said_.push_back(encode(frame).substr(length_bytes));
    return session.on_frame(said_.back());
  }
  Conversation& greet() {
    say(Hello{"0.0.1", "cookie", "prog", "i"});
    return *this;
  }
  /// The frames since the last call.
  Frames answers() {
    Frames frames;
    heard_ += std::exchange(session.output(), {});
    std::string_view rest = heard_;
    while (const auto body = first_frame(rest, 1 << 20)) {
      frames.push_back(decode(*body));
      rest.remove_prefix(length_bytes + body->size());
    }
    heard_ = rest;
    return frames;
  }
  std::string reason(const Frame& frame) {
    const SourceStep step = say(frame);
    EXPECT_EQ(step.kind, Kind::closed);
    EXPECT_TRUE(answers() == Frames{connector_protocol::Error{session.end().reason}});
    return session.end().reason;
  }
  std::vector<StreamProgress> save(std::uint64_t number) {
    std::vector<StreamProgress> places;
    session.save(number, places);
    return places;
  }

 private:
  StreamRegistry own_registry_;
  SourceSessionSettings settings_;
  std::deque<std::string> said_;
  std::string heard_;

 public:
  SourceSession session;
};

constexpr SourceSessionSettings with_checkpoints() { return {"cookie", 1000, 500, true}; }

TEST(SourceSession, TheSessionOfAnExistingClientOnAFileOfThreeRecords) {
  Conversation talk({"cookie", 10, 8, false});
  constexpr std::uint64_t id = 0xbd29'af3b'35fb'e79a;
  talk.greet();
  EXPECT_TRUE(talk.answers() == Frames{Ok{10}});
  EXPECT_EQ(talk.say(Notify{id, "three.msg", 0}).kind, Kind::opened);
  EXPECT_TRUE(talk.answers() == (Frames{NotifyAck{true, id, nothing_processed}}));
  EXPECT_EQ(talk.say(Message{id, 8, 0, "three.msg", "abcd"}).payload, "abcd");
  EXPECT_TRUE(talk.answers() == (Frames{Ack{2, {}}})) << "after every second frame";
  EXPECT_EQ(talk.say(Message{id, 14, 0, "three.msg", "ef"}).payload, "ef");
  EXPECT_TRUE(talk.answers().empty());
  EXPECT_EQ(talk.say(Message{id, 23, 0, "three.msg", "ghijk"}).payload, "ghijk");
  EXPECT_TRUE(talk.answers() == (Frames{Ack{2, {}}}));
  const SourceStep end = talk.say(EndOfStream{id});
  EXPECT_EQ(end.kind, Kind::ended);
  EXPECT_EQ(end.stream->name, "three.msg");
  EXPECT_TRUE(talk.answers() == (Frames{Ack{0, {{id, 23}}}}));
}

TEST(SourceSession, WhoeverIsNotGreetedRightHearsWhy) {
  EXPECT_EQ(Conversation().reason(Hello{"v0.0.1", "cookie", "p", "i"}),
            "the HELLO is of version 'v0.0.1'; this source speaks '0.0.1'");
  EXPECT_EQ(Conversation().reason(Hello{"0.0.1", "cooki", "p", "i"}),
            "the cookie of the HELLO is not the one of this source");
  EXPECT_EQ(Conversation().reason(Notify{1, "s", 0}),
            "the first frame must be a HELLO, not a NOTIFY");
  EXPECT_EQ(Conversation().greet().say(Hello{"0.0.1", "cookie", "p", "i"}).kind, Kind::closed);
}

TEST(SourceSession, WhatIsOutOfPlaceIsAnsweredWithAnErrorAndCloses) {
  const std::vector<Frame> wrong{Ok{1},
                                 Ack{1, {}},
                                 Restart{},
                                 EndOfStream{5},
                                 Message{5, 1, 0, "", "x"},
                                 NotifyAck{true, 5, 0},
                                 Message{4, UINT64_MAX, 0, "", "x"}};
  for (const Frame& frame : wrong) {
    Conversation talk;
    talk.greet().say(Notify{4, "s", 0});
    talk.answers();
    EXPECT_NE(talk.reason(frame), "") << name_of(frame);
  }
  Conversation talk;
  talk.greet().answers();
  EXPECT_EQ(talk.session.on_frame("\x2a").kind, Kind::closed);
  EXPECT_TRUE(talk.answers() == Frames{connector_protocol::Error{"there is no frame type 42"}});
}

TEST(SourceSession, AnErrorOfThePeerEndsTheSessionWithoutAnAnswer) {
  Conversation talk;
  EXPECT_EQ(talk.say(connector_protocol::Error{"disk full"}).kind, Kind::closed);
  EXPECT_TRUE(talk.answers().empty());
  EXPECT_TRUE(talk.session.end().by_peer);
  EXPECT_EQ(talk.session.end().reason, "the peer reports an error: disk full");
}

TEST(SourceSession, EachMessageIsTakenOnceAndEmptyOnesOnlyCount) {
  Conversation talk;
  talk.greet().say(Notify{4, "s", 0});
  EXPECT_EQ(talk.say(Message{4, 0, 0, "", "first"}).kind, Kind::message);
  EXPECT_EQ(talk.say(Message{4, 0, 0, "", "first"}).kind, Kind::nothing);
  EXPECT_EQ(talk.say(Message{4, 7, 0, "", ""}).kind, Kind::nothing);
  EXPECT_EQ(talk.say(Message{4, 7, 0, "", "late"}).kind, Kind::nothing);
  EXPECT_EQ(talk.say(Message{4, 8, 0, "", "next"}).kind, Kind::message);
  EXPECT_EQ(talk.save(1), (std::vector<StreamProgress>{{4, 8}}));
}

TEST(SourceSession, AStreamOfAnotherConnectionIsRefusedUntilItIsReleased) {
  StreamRegistry registry(2, false);
  Conversation first({"cookie", 1000, 500, false}, registry, 0);
  Conversation second({"cookie", 1000, 500, false}, registry, 1);
  first.greet().say(Notify{4, "s", 0});
  EXPECT_EQ(first.say(Notify{4, "s", 3}).kind, Kind::nothing);
  first.say(Message{4, 9, 0, "", "x"});
  EXPECT_EQ(second.greet().say(Notify{4, "s", 5}).kind, Kind::nothing);
  EXPECT_TRUE(first.answers().back() == Frame(NotifyAck{false, 4, 3}));
  EXPECT_TRUE(second.answers().back() == Frame(NotifyAck{false, 4, 5}));
  EXPECT_EQ(first.session.release_all().size(), 1U);
  second.session.invite_retry();
  EXPECT_TRUE(second.answers() == (Frames{Ack{1, {}}})) << "asks to ask again";
  second.session.invite_retry();
  EXPECT_TRUE(second.answers().empty()) << "once";
  EXPECT_EQ(second.say(Notify{4, "s", 5}).kind, Kind::opened);
  EXPECT_TRUE(second.answers() == (Frames{NotifyAck{true, 4, 9}}));
}

TEST(SourceSession, ACheckpointAcknowledgesWhatWasSeenBeforeItsBarrierAndNothingElse) {
  StreamRegistry registry(1, true);
  Conversation talk(with_checkpoints(), registry, 0);
  talk.greet().say(Notify{4, "a", 0});
  talk.say(Notify{5, "b", 0});
  talk.say(Notify{6, "nothing comes", 0});
  talk.say(Message{4, 10, 0, "", "x"});
  talk.say(Message{5, 20, 0, "", "x"});
  talk.answers();
  talk.save(1);
  talk.say(Message{4, 11, 0, "", "x"});
  EXPECT_FALSE(talk.session.completed(1));
  Frames acks = talk.answers();
  ASSERT_EQ(acks.size(), 1U);
  Ack ack = std::get<Ack>(acks[0]);
  EXPECT_EQ(ack.credits, 6U) << "all that were spent";
  std::sort(ack.streams.begin(), ack.streams.end(),
            [](const auto& a, const auto& b) { return a.stream_id < b.stream_id; });
  EXPECT_EQ(ack.streams, (std::vector<StreamPosition>{{4, 10}, {5, 20}}));
  talk.save(2);
  talk.save(3);
  talk.session.completed(3);
  EXPECT_EQ(std::get<Ack>(talk.answers().at(0)).streams.size(), 2U) << "2 has failed";
}

TEST(SourceSession, WithCheckpointsAnEndedStreamWaitsForACheckpointBegunAfterItsEnd) {
  StreamRegistry registry(2, true);
  Conversation talk(with_checkpoints(), registry, 0);
  const auto save = [&](std::uint64_t number) {
    registry.save(0, number, talk.save(number));
    registry.save(1, number, {});
  };
  const auto complete = [&](std::uint64_t number) {
    registry.completed(number);
    return talk.session.completed(number);
  };
  talk.greet().say(Notify{4, "a", 0});
  talk.say(Message{4, 10, 0, "", "x"});
  save(1);
  EXPECT_EQ(talk.say(EndOfStream{4}).kind, Kind::ended);
  talk.answers();
  EXPECT_FALSE(complete(1));
  EXPECT_EQ(talk.say(Notify{4, "a", 10}).kind, Kind::nothing) << "closing";
  talk.answers();
  save(2);  // fails
  save(3);
  EXPECT_TRUE(complete(3));
  EXPECT_TRUE(talk.answers() == (Frames{Ack{1, {{4, 10}}}}));
  Conversation other(with_checkpoints(), registry, 1);
  EXPECT_EQ(other.greet().say(Notify{4, "a", 10}).kind, Kind::opened);
  EXPECT_TRUE(other.answers().back() == Frame(NotifyAck{true, 4, 10}));
}

TEST(SourceSession, AMessageAfterTheEndOfItsStreamIsAnError) {
  StreamRegistry registry(1, true);
  Conversation talk(with_checkpoints(), registry, 0);
  talk.greet().say(Notify{4, "a", 0});
  talk.say(EndOfStream{4});
  talk.answers();
  EXPECT_EQ(talk.reason(Message{4, 11, 0, "", "x"}),
            "a MESSAGE for stream 4, which is not open on this connection");
  EXPECT_TRUE(talk.session.release_all().empty()) << "its end was told already";
}

}  // namespace
}  // namespace wallaroo::internal
