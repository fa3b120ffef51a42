#include "sink/connector/connector_session.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sink/connector/connector_session.rig.hpp"

namespace wallaroo::internal {
namespace {

struct Named {
  std::string name;
  protocol::Frame frame;
};

std::vector<Named> all_frames() {
  return {{"HELLO", protocol::Hello{"v0.0.1", "", "", ""}},
          {"OK", protocol::Ok{500}},
          {"OK 2", protocol::Ok{2}},
          {"OK 1", protocol::Ok{1}},
          {"ERROR", protocol::Error{"bad"}},
          {"NOTIFY", protocol::Notify{1, "", 0}},
          {"ACCEPT", protocol::NotifyAck{true, 1, 7}},
          {"REFUSE", protocol::NotifyAck{false, 1, 0}},
          {"ACCEPT 2", protocol::NotifyAck{true, 2, 0}},
          {"DATA", protocol::Message{1, 0, 0, {}, "x"}},
          {"garbage", protocol::Message{0, 0, 0, {}, "\xca"}},
          {"list", control(protocol::ListUncommitted{1})},
          {"listed none", control(protocol::ReplyUncommitted{1, {}})},
          {"listed 4", control(protocol::ReplyUncommitted{1, {id_of(4)}})},
          {"phase1", control(protocol::Phase1{id_of(4), {}})},
          {"yes", control(protocol::Reply{id_of(4), true})},
          {"no", control(protocol::Reply{id_of(4), false})},
          {"yes to 5", control(protocol::Reply{id_of(5), true})},
          {"yes to other", control(protocol::Reply{"B-w-x-id-1:c_id=4", true})},
          {"phase2", control(protocol::Phase2{id_of(4), true})},
          {"left", control(protocol::WorkersLeft{7, {}})},
          {"ACK", protocol::Ack{3, {{1, 5}}}},
          {"RESTART", protocol::Restart{"127.0.0.1:1"}},
          {"EOS", protocol::EndOfStream{1}}};
}

const std::vector<std::string> all_states{"away",
                                          "greeting",
                                          "notifying",
                                          "listing",
                                          "listing again, open",
                                          "listing again, voted",
                                          "listing again, committing",
                                          "open",
                                          "open, data sent",
                                          "held",
                                          "preparing",
                                          "voting",
                                          "voted",
                                          "committing",
                                          "rolled back",
                                          "away again, voted",
                                          "away again, committing"};

/// The pairs that are part of the protocol; "" is "nothing is done".
const std::map<std::string, std::map<std::string, std::string>> expected{
    {"greeting", {{"OK", ""}, {"OK 2", ""}}},
    {"notifying", {{"ACCEPT", ""}, {"REFUSE", "lost"}}},
    {"listing", {{"listed none", ""}, {"listed 4", "abort 4"}}},
    {"listing again, open", {{"listed none", ""}, {"listed 4", "abort 4"}}},
    {"listing again, voted", {{"listed none", "lost, roll back"}, {"listed 4", ""}}},
    {"listing again, committing", {{"listed none", "committed 4"}, {"listed 4", "commit 4"}}},
    {"voting", {{"yes", "prepared 4"}, {"no", "lost, roll back"}}},
};

std::string expected_of(const std::string& state, const std::string& frame) {
  const bool over = state.starts_with("away") || state == "rolled back" || frame == "ACK";
  if (over) {
    return "";
  }
  if (const auto row = expected.find(state); row != expected.end()) {
    if (const auto cell = row->second.find(frame); cell != row->second.end()) {
      return cell->second;
    }
  }
  const bool loses =
      state == "open, data sent" || state == "held" || state == "preparing" || state == "voting";
  const bool said_so = frame == "ERROR" || frame == "RESTART";
  return std::string(said_so ? "" : "ERROR, ") + "lost" + (loses ? ", roll back" : "");
}

TEST(ConnectorSession, AnswersEveryFrameInEveryState) {
  for (const std::string& state : all_states) {
    for (const auto& [name, frame] : all_frames()) {
      Session session = in_state(state);
      const bool rolled_back = session.rolled_back();
      const std::string actions = described(session.received(frame));
      EXPECT_EQ(actions, expected_of(state, name)) << name << " while " << state;
      const bool lost = actions.find("lost") != std::string::npos;
      EXPECT_EQ(session.rolled_back(),
                rolled_back || actions.find("roll back") != std::string::npos);
      EXPECT_FALSE(lost && session.ready());
      if (lost && !session.rolled_back()) {
        EXPECT_EQ(described(session.connected(0)), "HELLO, NOTIFY, list") << "it is away";
      }
    }
  }
}

/// An event of the engine or the connection, and what it does by phase. A phase that is not listed
/// refuses the event: it breaks an invariant.
struct Event {
  std::string name;
  std::function<Session::Actions(Session&)> happen;
  std::map<std::string, std::string> expected;
};

TEST(ConnectorSession, AnswersEveryEventInEveryPhase) {
  const auto quiet = [](auto call) {
    return [call](Session& session) {
      call(session);
      return Session::Actions{};
    };
  };
  const std::map<std::string, std::string> nothing{};
  const std::string lost_all = "lost, roll back";
  const std::vector<Event> events{
      {"barrier 4",
       quiet([](Session& s) { s.barrier(4, 150); }),
       {{"open", ""}, {"open, data sent", ""}, {"rolled back", ""}}},
      {"barrier 3 again", quiet([](Session& s) { s.barrier(3, 150); }), {{"rolled back", ""}}},
      {"barrier before the last",
       quiet([](Session& s) { s.barrier(4, 99); }),
       {{"rolled back", ""}}},
      {"abandon",
       quiet([](Session& s) { s.abandon(4); }),
       {{"held", ""}, {"preparing", ""}, {"rolled back", ""}}},
      {"abandon 5", quiet([](Session& s) { s.abandon(5); }), {{"rolled back", ""}}},
      {"prepare", quiet([](Session& s) { s.prepare(4); }), {{"held", ""}, {"rolled back", ""}}},
      {"commit",
       [](Session& s) { return s.commit(4); },
       {{"voted", "commit 4"}, {"rolled back", ""}}},
      {"commit 5", [](Session& s) { return s.commit(5); }, {{"rolled back", ""}}},
  };
  for (const Event& event : events) {
    for (const std::string& phase : ready_phases) {
      Session session = in_state(phase);
      std::string actions;
      try {
        actions = described(event.happen(session));
      } catch (const std::logic_error&) {
        actions = "refused";
      }
      const auto cell = event.expected.find(phase);
      EXPECT_EQ(actions, cell == event.expected.end() ? "refused" : cell->second)
          << event.name << " while " << phase;
    }
  }
  const auto on_connection = [&](const std::string& phase) {
    const auto act = [&](auto call) {
      Session session = in_state(phase);
      return described(call(session));
    };
    return fmt::format("{} | {} | {} | {} | {}", act([](Session& s) { return s.drained(); }),
                       act([](Session& s) { return s.control_sent(); }),
                       act([](Session& s) { return s.closed("x"); }),
                       act([](Session& s) { return s.malformed("x"); }),
                       act([](Session& s) { return s.give_up("x"); }));
  };
  const std::string unsafe = " |  | lost, roll back | ERROR, lost, roll back | roll back";
  EXPECT_EQ(on_connection("open"), " |  | lost | ERROR, lost | roll back");
  EXPECT_EQ(on_connection("open, data sent"), unsafe);
  EXPECT_EQ(on_connection("held"), unsafe);
  EXPECT_EQ(on_connection("preparing"), "phase1 4 100-150" + unsafe);
  EXPECT_EQ(on_connection("voting"), unsafe);
  EXPECT_EQ(on_connection("voted"), " |  | lost | ERROR, lost | roll back");
  EXPECT_EQ(on_connection("committing"), " | committed 4 | lost | ERROR, lost | roll back");
  EXPECT_EQ(on_connection("rolled back"), " |  |  |  | ");
}

TEST(ConnectorSession, AConnectionLostBeforeAnythingWasSentCostsNothing) {
  for (const std::string phase : {"open", "held", "preparing"}) {
    Session session(settings());
    connect(session);
    if (phase != "open") {
      session.barrier(4, 100);
    }
    if (phase == "preparing") {
      session.prepare(4);
    }
    EXPECT_EQ(described(session.closed("x")), "lost") << phase;
    EXPECT_EQ(described(session.drained()), "") << "there is nobody to vote";
    connect(session);
    EXPECT_TRUE(session.ready());
    EXPECT_EQ(described(session.drained()), phase == "preparing" ? "phase1 4 100-100" : "");
  }
}

TEST(ConnectorSession, WhatIsUncommittedIsSettledBeforeDataFlows) {
  const auto settled = [](std::uint64_t restored, const std::vector<std::uint64_t>& listed) {
    Session session(settings(restored, restored == 0 ? 0 : 100));
    std::vector<std::string> ids;
    for (const std::uint64_t each : listed) {
      ids.push_back(id_of(each));
    }
    (void)session.connected(0);
    (void)session.received(protocol::Ok{2});
    (void)session.received(protocol::NotifyAck{true, 1, 100});
    EXPECT_FALSE(session.ready());
    const auto actions = session.received(control(protocol::ReplyUncommitted{1, ids}));
    EXPECT_TRUE(session.ready() && session.confirmed() && session.all_committed());
    return described(actions);
  };
  EXPECT_EQ(settled(7, {}), "");
  EXPECT_EQ(settled(7, {7}), "commit 7");
  EXPECT_EQ(settled(7, {8}), "abort 8");
  EXPECT_EQ(settled(7, {9, 6, 8, 7}), "commit 6, commit 7, abort 9, abort 8");
  EXPECT_EQ(settled(0, {1}), "abort 1");
  EXPECT_EQ(settled(0, {1, 2}), "abort 2, abort 1");

  Session session(settings());
  (void)session.connected(100);
  (void)session.received(protocol::Ok{2});
  (void)session.received(protocol::NotifyAck{true, 1, 100});
  const auto foreign = control(protocol::ReplyUncommitted{1, {"B-w-x-id-1:c_id=2", id_of(3)}});
  EXPECT_EQ(described(session.received(foreign)), "warn, commit 3");
}

TEST(ConnectorSession, ACommitSurvivesLostConnectionsUntilTheReceiverHasIt) {
  Session session = in_state("voted");
  EXPECT_EQ(described(session.closed("x")), "lost");
  EXPECT_EQ(described(session.commit(4)), "") << "there is nobody to tell";
  EXPECT_TRUE(session.holding());
  connect(session, {id_of(4)});
  EXPECT_EQ(described(session.closed("x")), "lost") << "with PHASE_2 on its way";
  EXPECT_EQ(described(session.control_sent()), "");
  connect(session, {id_of(4)});
  EXPECT_TRUE(session.holding());
  EXPECT_EQ(described(session.control_sent()), "committed 4");
  EXPECT_FALSE(session.holding());
  EXPECT_TRUE(session.all_committed() && session.confirmed());

  EXPECT_EQ(described(session.closed("x")), "lost") << "PHASE_2 may be lost all the same";
  EXPECT_FALSE(session.confirmed());
  (void)session.connected(150);
  (void)session.received(protocol::Ok{2});
  (void)session.received(protocol::NotifyAck{true, 1, 100});
  const auto listed = control(protocol::ReplyUncommitted{1, {id_of(4)}});
  EXPECT_EQ(described(session.received(listed)), "commit 4");
  EXPECT_TRUE(session.confirmed());
}

TEST(ConnectorSession, AVoteThatIsForgottenBeforeItsCommitIsSaid) {
  Session session = in_state("voted");
  (void)session.closed("x");
  (void)session.commit(4);
  (void)session.connected(150);
  (void)session.received(protocol::Ok{2});
  (void)session.received(protocol::NotifyAck{true, 1, 100});
  const auto none = control(protocol::ReplyUncommitted{1, {}});
  EXPECT_EQ(described(session.received(none)), "warn, committed 4");
}

TEST(ConnectorSession, AfterACommitTheNextTransactionBeginsWhereItEnded) {
  Session session = in_state("committing");
  (void)session.control_sent();
  session.data_sent();
  session.barrier(5, 180);
  session.abandon(5);
  EXPECT_FALSE(session.holding());
  session.barrier(6, 200);
  session.prepare(6);
  EXPECT_EQ(described(session.drained()), "phase1 6 150-200");
  const auto actions = session.received(control(protocol::Reply{id_of(6), true}));
  ASSERT_EQ(described(actions), "prepared 6");
  EXPECT_EQ(decode_vote(std::get<Session::Prepared>(actions.front()).vote),
            (ConnectorVote{std::string(stream), 200}));
}

TEST(ConnectorSession, WithoutCheckpointsALostConnectionIsNoRollBack) {
  auto plain = settings(0, 0);
  plain.transactional = false;
  Session session(plain);
  connect(session);
  session.data_sent();
  EXPECT_EQ(described(session.closed("x")), "lost");
  EXPECT_TRUE(session.all_committed() && session.confirmed());
}

TEST(ConnectorSession, ReasonsNameTheSinkAndTheReceiver) {
  const auto reason = [](Session::Actions actions) {
    return std::get<Session::RollBack>(actions.back()).reason;
  };
  EXPECT_EQ(reason(in_state("voting").received(control(protocol::Reply{id_of(4), false}))),
            "sink 'totals': 127.0.0.1:7200 refused checkpoint 4");
  EXPECT_EQ(reason(in_state("held").closed("connection reset")),
            "sink 'totals': 127.0.0.1:7200 has not committed what was sent (the connection was "
            "lost: connection reset)");
  const auto actions = in_state("greeting").received(protocol::Error{"bad cookie"});
  EXPECT_EQ(std::get<Session::Disconnect>(actions.front()).reason,
            "it reports the error 'bad cookie'");
}

TEST(ConnectorSession, WorkersLeftIsNotForASinkToHear) {
  Session session = in_state("open");
  EXPECT_EQ(described(session.received(control(protocol::WorkersLeft{7, {"worker2"}}))),
            "ERROR, lost");
}

}  // namespace
}  // namespace wallaroo::internal
